import { FailureError } from '../../../contract/failures.ts';
import { StateDumpName } from '../../../contract/state-dumps.ts';
import type { StateDumpAbout } from '../system/state-dump-about.ts';
import type { StateRestore } from '../system/state-restore.ts';
import { UsageError, type AdminAnswer, type AdminRequest, type AdminTools } from './command.ts';
import { listDumps } from './list-state-dumps.ts';
import { putStateBack, wordsOf, type Wanted } from './putting-state-back.ts';

const OPTIONS = ['--yes', '--keep-tokens', '--without-keeping'];

export function restoreState(words: readonly string[]): AdminRequest {
  const names = words.filter((word) => !word.startsWith('--'));
  const options = words.filter((word) => word.startsWith('--'));
  if (names.length > 1 || options.some((option) => !OPTIONS.includes(option)))
    throw new UsageError('it wants the name of a dump, and --yes, --keep-tokens or --without-keeping');
  if (names[0] === undefined) {
    if (options.length > 0) throw new UsageError('it wants the name of a dump; without one it lists them');
    return { subject: 'restore-state', act: listDumps };
  }
  const name = StateDumpName.safeParse(names[0]);
  if (!name.success) throw new UsageError('it wants a name as sculptorctl system state-dumps shows it');
  const wanted = {
    name: name.data,
    keepTokens: options.includes('--keep-tokens'),
    withoutKeeping: options.includes('--without-keeping'),
  };
  return {
    subject: wordsOf(wanted),
    act: (tools) => restore(tools, wanted, options.includes('--yes')),
  };
}

async function restore(tools: AdminTools, wanted: Wanted, yes: boolean): Promise<AdminAnswer> {
  const system = await tools.system();
  const { stateRestore: state } = await tools.records();
  const about = await system.stateDumps.verify(wanted.name);
  await requireKnown(state, wanted.name, about);
  if (!yes) return foretell(state, wanted.name, about);
  return system.locks.during('state-restore', () => putStateBack(tools, wanted, about), 1);
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
  const isThere = await state.isThere();
  const younger = isThere ? await state.youngerThan(at).catch(() => null) : null;
  const lines =
    younger === null
      ? [
          `the state that is there cannot be read${isThere ? ' in full, and is replaced only where it can be kept or --without-keeping is said' : ''}`,
          'where nobody knows whose tokens were revoked, all are but the one in /etc/sculptor/admin-token, unless --keep-tokens is said',
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
