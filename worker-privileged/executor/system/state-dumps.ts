// SECURITY. The agent's own state, dumped by root into a folder of root's: no argument, name or path of it comes from
// anybody. It is dumped as MariaDB's root, which no tenant's database ever is: nothing in these two schemas is a tenant's
// to define, and of the door's only tables are read.
import { mkdir, rename, statfs } from 'node:fs/promises';
import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { StateDumpName, type StateDumped } from '../../../contract/state-dumps.ts';
import type { Commands } from './command.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import type { Locks } from './locks.ts';
import { flush, requireRootsOwn } from './own-path.ts';
import { paths } from './paths.ts';
import type { RootSql } from './root-sql.ts';
import { StateDumpAbout } from './state-dump-about.ts';
import { countAttempt } from './state-dump-cap.ts';
import { listStateDumps, verifyStateDump, type StateDump } from './state-dump-reading.ts';
import { dumpDoor, dumpState } from './state-dump-writing.ts';
import { isReplaced, nameAt, superfluous, type KeepingRule } from './state-dump-rule.ts';

export type StateDumps = {
  /** By the schedule: no oftener than root lets it. What is younger than some hours is dump enough. */
  readonly keep: () => Promise<StateDumped>;
  /** At once, for root. */
  readonly make: (ending?: '-replaced') => Promise<StateDumped>;
  /** Newest first. */
  readonly list: () => Promise<readonly StateDump[]>;
  /** Reads all of it. Throws where it is not what was written. */
  readonly verify: (name: StateDumpName) => Promise<StateDumpAbout>;
};

export type StateDumpTools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly folders: Pick<Folders, 'look' | 'list' | 'ensure' | 'remove'>;
  readonly locks: Locks;
  readonly sql: RootSql;
  readonly socketPath: string;
  /** The door's register is in the same MariaDB. */
  readonly withDoor: boolean;
  readonly rule: KeepingRule;
  readonly now: () => Date;
};

const FRESH_MS = 4 * 3_600_000;
/** What is left for the others afterwards, at least. */
const LEFT_OCTETS = 128 * 1_048_576;

export function createStateDumps(tools: StateDumpTools): StateDumps {
  const { locks, now } = tools;
  const during = <T>(act: () => Promise<T>) => locks.during('state-dump', act);
  return {
    keep: () =>
      during(async () => {
        const fresh = freshOf(await listStateDumps(tools), now());
        if (fresh !== null) return fresh;
        await countAttempt(tools);
        return write(tools, nameAt(now()));
      }),
    make: (ending) => during(() => write(tools, nameAt(now(), ending ?? ''))),
    list: () => listStateDumps(tools),
    verify: (name) => verifyStateDump(tools, name),
  };
}

/** One from the future is of before somebody set the clock back, and says nothing. */
function freshOf(dumps: readonly StateDump[], now: Date): StateDumped | null {
  for (const { name, about } of dumps) {
    if (isReplaced(name)) continue;
    const age = about === null ? Infinity : Math.abs(now.getTime() - Date.parse(about.at));
    if (about !== null && age < FRESH_MS) return dumpedOf(name, about, false);
  }
  return null;
}

function dumpedOf(name: StateDumpName, about: StateDumpAbout, made: boolean): StateDumped {
  return { made, name, at: about.at, octets: about.state.octets + (about.door?.octets ?? 0) };
}

async function write(tools: StateDumpTools, asNamed: string): Promise<StateDumped> {
  const { folders, now } = tools;
  const name = StateDumpName.parse(asNamed);
  await folders.ensure(paths.stateDumps, { uid: 0, gid: 0, mode: 0o700 });
  const draft = paths.stateDumpDraft;
  await folders.remove(draft);
  await requireRoom(tools);
  const at = now().toISOString();
  try {
    await mkdir(draft, { mode: 0o700 });
    await requireRootsOwn(draft);
    const migrations = await migrationsOf(tools.sql);
    const state = await dumpState(tools, `${draft}/state.sql.gz`);
    const door = tools.withDoor ? await dumpDoor(tools, `${draft}/door.sql.gz`) : null;
    const about = StateDumpAbout.parse({ at, version: await versionOf(tools), migrations, state, door });
    await tools.files.replace(`${draft}/about.json`, `${JSON.stringify(about)}\n`, 0o600);
    await flush(draft);
    // A second of two in one second takes the place of the first.
    await folders.remove(paths.stateDump(name));
    await rename(draft, paths.stateDump(name));
    await flush(paths.stateDumps);
    await prune(tools);
    return dumpedOf(name, about, true);
  } catch (cause) {
    await folders.remove(draft).catch(() => undefined);
    throw cause;
  }
}

async function migrationsOf(sql: RootSql): Promise<readonly string[]> {
  const names = await sql(
    "SELECT name FROM sculptor.migration WHERE name REGEXP '^[0-9]{4}-' ORDER BY name;",
  );
  return names.split('\n').filter(Boolean);
}

async function versionOf({ files }: StateDumpTools): Promise<string> {
  return z.object({ version: z.string() }).parse(JSON.parse((await files.read(paths.manifest)) ?? 'null'))
    .version;
}

/** As much as the tables take: what is compressed is less, and how much less nobody knows. */
async function requireRoom({ sql }: StateDumpTools): Promise<void> {
  const said = await sql(`SELECT CAST(COALESCE(SUM(data_length), 0) AS INTEGER) FROM information_schema.tables
    WHERE table_schema IN ('sculptor', 'sculptor_door');`);
  const { bavail, bsize } = await statfs(paths.stateDumps);
  const [needed, left] = [z.coerce.number().parse(said.trim()) + LEFT_OCTETS, bavail * bsize];
  if (left >= needed) return;
  const mebibytes = (octets: number) => Math.floor(octets / 1_048_576);
  throw new FailureError(
    'server_full',
    `The state was not dumped: ${paths.stateDumps} has ${mebibytes(left)} MiB left, and it may take ${mebibytes(needed)}.`,
    'Make room; sculptorctl doctor shows where. It is tried again by itself.',
  );
}

/** A newer one is whole: it has just been read. What cannot be read is left for root to look at. */
async function prune(tools: StateDumpTools): Promise<void> {
  const whole = (await listStateDumps(tools)).filter(({ about }) => about !== null).map(({ name }) => name);
  for (const name of superfluous(whole, tools.rule)) await tools.folders.remove(paths.stateDump(name));
}
