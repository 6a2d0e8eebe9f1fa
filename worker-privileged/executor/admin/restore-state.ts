import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { StateDumpName } from '../../../contract/state-dumps.ts';
import { because } from '../system/because.ts';
import { paths } from '../system/paths.ts';
import type { StateDumpAbout } from '../system/state-dump-about.ts';
import { Revoked, type StateRestore } from '../system/state-restore.ts';
import type { System } from '../system/system.ts';
import { turnAgent, untilApiListens } from './agent-processes.ts';
import { acceptAudit } from './audit-accept.ts';
import { UsageError, type AdminAnswer, type AdminRequest, type AdminTools } from './command.ts';
import { listDumps } from './list-state-dumps.ts';

const TOKEN_FILE = '/etc/sculptor/admin-token';

/** How far it has come, so that it can be begun again after whatever ended it. */
const Mark = z.strictObject({
  name: StateDumpName,
  since: z.iso.datetime(),
  /** The state that was there, as a dump; null where it could not be read. */
  kept: StateDumpName.nullable(),
  /** Whom it did not let in any more; null likewise. */
  revoked: z.array(Revoked).nullable(),
});
type Mark = z.infer<typeof Mark>;

type Wanted = { readonly name: StateDumpName; readonly yes: boolean; readonly keepTokens: boolean };

export function restoreState(words: readonly string[]): AdminRequest {
  const names = words.filter((word) => !word.startsWith('--'));
  const options = words.filter((word) => word.startsWith('--'));
  if (names.length > 1 || options.some((option) => option !== '--yes' && option !== '--keep-tokens'))
    throw new UsageError('it wants the name of a dump, and --yes or --keep-tokens');
  if (names[0] === undefined) {
    if (options.length > 0) throw new UsageError('it wants the name of a dump; without one it lists them');
    return { subject: 'restore-state', act: listDumps };
  }
  const name = StateDumpName.safeParse(names[0]);
  if (!name.success) throw new UsageError('it wants a name as sculptorctl system state-dumps shows it');
  const wanted = {
    name: name.data,
    yes: options.includes('--yes'),
    keepTokens: options.includes('--keep-tokens'),
  };
  return {
    subject: `restore-state ${name.data}${wanted.keepTokens ? ' --keep-tokens' : ''}`,
    act: (tools) => restore(tools, wanted),
  };
}

async function restore(tools: AdminTools, wanted: Wanted): Promise<AdminAnswer> {
  const system = await tools.system();
  const { state } = await restoring(tools);
  const about = await system.stateDumps.verify(wanted.name);
  await requireKnown(state, wanted.name, about);
  if (!wanted.yes) return foretell(state, wanted.name, about);
  return system.locks.during('state-restore', () => putBack(tools, wanted, about), 1);
}

async function restoring(tools: AdminTools) {
  return { state: (await tools.records()).stateRestore };
}

/** A newer agent has made it, and this one would not understand it. */
async function requireKnown(
  state: StateRestore,
  name: StateDumpName,
  { migrations, version }: StateDumpAbout,
): Promise<void> {
  const here = new Set(await state.migrations());
  const unknown = migrations.find((migration) => !here.has(migration));
  if (unknown === undefined) return;
  throw new FailureError(
    'mismatch',
    `The dump ${name} was made by a newer agent (version ${version}, with ${unknown}). Nothing was changed.`,
    'Install that version or a newer one, then put the dump back.',
  );
}

async function foretell(
  state: StateRestore,
  name: StateDumpName,
  { at }: StateDumpAbout,
): Promise<AdminAnswer> {
  const younger = (await state.has('sculptor')) ? await state.youngerThan(at) : null;
  const lines =
    younger === null
      ? [
          'the state that is there cannot be read: every token but the one in /etc/sculptor/admin-token will be revoked, unless --keep-tokens is said',
        ]
      : [
          `${younger.operations} operations are younger than it, ${younger.resources} of them of what was made, and ${younger.tokens} tokens, which end`,
          'what is on the server stays as it is, and the state will be told of it',
        ];
  return {
    lines: [`${name} is of ${at}`, ...lines, 'nothing was changed: say --yes to put it back'],
    document: { dump: { name, at }, younger, restored: false },
  };
}

async function putBack(tools: AdminTools, wanted: Wanted, about: StateDumpAbout): Promise<AdminAnswer> {
  const system = await tools.system();
  const { state } = await restoring(tools);
  // Before anything is stopped: where there is no room for it nothing was begun.
  const mark = await prepare(system, state, wanted);
  await turnAgent(tools, system.mode, 'stop');
  try {
    await state.lock();
    await state.playBack(wanted.name, 'sculptor');
    if (about.door !== null && !(await state.has('sculptor_door')))
      await state.playBack(wanted.name, 'sculptor_door');
    const migrated = await state.bringUp();
    const revoked = await revoke(state, mark, wanted);
    await state.leaveNumbers();
    const adopted = await (await tools.records()).adopt(system);
    await forgetClaims();
    const accepted = await acceptAudit(tools);
    await state.unlock();
    await system.files.remove(paths.stateRestore);
    await turnAgent(tools, system.mode, 'start');
    await untilApiListens();
    return answerOf({ wanted, about, mark, migrated, revoked, adopted, accepted });
  } catch (cause) {
    throw because(cause, halfWay(wanted.name));
  }
}

/** What was kept of the state by one that broke off is kept still: what is there now is half of something. */
async function prepare(system: System, state: StateRestore, { name }: Wanted): Promise<Mark> {
  const before = await system.files.read(paths.stateRestore);
  const known = before === null ? null : Mark.parse(JSON.parse(before));
  const since = system.now().toISOString();
  const mark =
    known !== null
      ? { ...known, name }
      : (await state.has('sculptor'))
        ? {
            ...{ name, since, revoked: [...(await state.revoked())] },
            kept: (await system.stateDumps.make('-replaced')).name,
          }
        : { name, since, kept: null, revoked: null };
  await system.files.replace(paths.stateRestore, `${JSON.stringify(mark)}\n`, 0o600);
  return mark;
}

/** Nobody who was put out comes in again; where it is not known who was, only who has root's own file. */
async function revoke(state: StateRestore, { revoked }: Mark, { keepTokens }: Wanted): Promise<string> {
  if (revoked !== null) {
    await state.revoke(revoked);
    return 'tokens that were revoked since stay revoked';
  }
  if (keepTokens) return 'tokens that were revoked since the dump are let in again, as you said';
  const text = await readFile(TOKEN_FILE, 'utf8').catch(() => '');
  const count = await state.revokeAllBut(createHash('sha256').update(text.replace(/\n/g, '')).digest('hex'));
  return `${count} tokens were revoked, for nobody knows which had been: make new ones`;
}

/** Of operations that went further than those which are back. The executor is stopped. */
async function forgetClaims(): Promise<void> {
  const names = await readdir(paths.claims).catch(() => []);
  for (const name of names) await rm(`${paths.claims}/${name}`, { recursive: true, force: true });
}

function halfWay(name: StateDumpName): FailureError {
  return new FailureError(
    'server_broken',
    `The dump ${name} is put back in part: the agent is stopped, and neither its API nor its worker comes into MariaDB. Sites are served on.`,
    `Mend what the log line names, then run sculptorctl system restore-state ${name} --yes again: it begins anew.`,
  );
}

type Done = {
  readonly wanted: Wanted;
  readonly about: StateDumpAbout;
  readonly mark: Mark;
  readonly migrated: readonly string[];
  readonly revoked: string;
  readonly adopted: readonly string[];
  readonly accepted: AdminAnswer;
};

function answerOf({ wanted, about, mark, migrated, revoked, adopted, accepted }: Done): AdminAnswer {
  const { name } = wanted;
  return {
    lines: [
      `the state is as it was at ${about.at}, from ${name}`,
      mark.kept === null
        ? 'the state that was there could not be read, and is not kept'
        : `what was there is kept as ${mark.kept}`,
      ...migrated.map((each) => `brought up by ${each}`),
      revoked,
      ...accepted.lines,
      ...adopted,
      adopted.length === 0
        ? 'nothing on the server is newer than it'
        : `the state was told of ${adopted.length} things on the server: sculptorctl drift list shows them for an hour, and what else differs within a day`,
    ],
    document: { restored: true, dump: { name, at: about.at }, kept: mark.kept, migrated, revoked, adopted },
  };
}
