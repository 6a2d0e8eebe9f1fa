import { lstatSync, readFileSync, statSync } from 'node:fs';
import { StateDumpName } from '../../../contract/state-dumps.ts';
import { paths } from '../system/paths.ts';
import { StateDumpAbout } from '../system/state-dump-about.ts';
import { isReplaced, momentOf } from '../system/state-dump-rule.ts';
import { createStateLock } from '../system/state-lock.ts';
import { warning, wrong, type Check, type Found } from './finding.ts';
import { namesIn, type Server } from './server.ts';

const OLD_MS = 2 * 86_400_000;
const MAKE = 'Run sculptorctl system dump-state; the log of the executor says why none was made by itself.';

/** Whether there is a dump of the state that is whole by its size and not old, and nobody but root reads any. */
export const stateDumps: Check = async ({ now, sql }) => {
  const names = namesIn(paths.stateDumps).flatMap((name) => StateDumpName.safeParse(name).data ?? []);
  return [
    ...(await restoring(sql)),
    ...names.flatMap(fault),
    ...age({
      names: names.filter((name) => !isReplaced(name) && fault(name).length === 0),
      since: statSync(paths.stateDumps).birthtimeMs,
      now: now().getTime(),
    }),
  ];
};

/** `since`: from when on there could have been one. */
export function age({
  names,
  since,
  now,
}: {
  readonly names: readonly StateDumpName[];
  readonly since: number;
  readonly now: number;
}): readonly Found[] {
  const newest = [...names].sort().at(-1);
  const at = newest === undefined ? since : momentOf(newest).getTime();
  if (now - at <= OLD_MS) return [];
  const sentence =
    newest === undefined
      ? "There is no dump of the agent's state."
      : `The newest dump of the agent's state, ${newest}, is ${Math.floor((now - at) / 86_400_000)} days old.`;
  return [warning(sentence, MAKE)];
}

function fault(name: StateDumpName): readonly Found[] {
  const folder = paths.stateDump(name);
  const files = namesIn(folder).map((file) => `${folder}/${file}`);
  const open = [folder, ...files].filter((path) => (lstatSync(path).mode & 0o077) !== 0);
  if (open.length > 0)
    return open.map((path) =>
      wrong(
        `${path} can be read by others than root, and the whole state is in it.`,
        `Run chmod go= ${path}.`,
      ),
    );
  return isWhole(folder)
    ? []
    : [
        warning(
          `The dump ${name} of the agent's state is not whole.`,
          `Look at ${folder}, and remove it: rm -r ${folder}. ${MAKE}`,
        ),
      ];
}

/** By what is noted beside it, without reading all of it. */
function isWhole(folder: string): boolean {
  try {
    const { state, door } = StateDumpAbout.parse(JSON.parse(readFileSync(`${folder}/about.json`, 'utf8')));
    const has = (file: string, octets: number) => statSync(`${folder}/${file}`).size === octets;
    return has('state.sql.gz', state.octets) && (door === null || has('door.sql.gz', door.octets));
  } catch {
    return false;
  }
}

/** By whether MariaDB lets the agent in, as who puts a dump back goes by it too. Where it says nothing another check does. */
async function restoring(sql: Server['sql']): Promise<readonly Found[]> {
  const lock = createStateLock(async (statements) => (await sql(statements)).join('\n'));
  if (!(await lock.isLocked().catch(() => false))) return [];
  return [
    wrong(
      "A dump of the agent's state is being put back, or that broke off: until it is done the agent does nothing.",
      'Where nobody is at it, run sculptorctl system restore-state with --yes: it goes on.',
    ),
  ];
}
