import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { FailureError } from '../../../contract/failures.ts';
import { because } from '../system/because.ts';
import { paths } from '../system/paths.ts';
import type { StateDumpAbout } from '../system/state-dump-about.ts';
import type { StateCarried } from '../system/state-carried.ts';
import { turnAgent, untilApiListens } from './agent-processes.ts';
import { acceptAudit } from './audit-accept.ts';
import type { AdminAnswer, AdminTools } from './command.ts';
import { keepOn, keepState, type Keeping } from './keeping-state.ts';
import { putInPlace, type Steps } from './putting-state-in-place.ts';
import { readMark, removeMark, writeMark, type RestoreMark } from './restore-mark.ts';

const TOKEN_FILE = '/etc/sculptor/admin-token';

export type Wanted = Keeping & { readonly keepTokens: boolean };

/** As it was asked for, without its yes. */
export function wordsOf({ name, keepTokens, withoutKeeping }: Wanted): string {
  return `restore-state ${name}${keepTokens ? ' --keep-tokens' : ''}${withoutKeeping ? ' --without-keeping' : ''}`;
}

export async function putStateBack(
  tools: AdminTools,
  wanted: Wanted,
  about: StateDumpAbout,
): Promise<AdminAnswer> {
  return putInPlace(await stepsOf(tools, wanted, about));
}

async function stepsOf(
  tools: AdminTools,
  wanted: Wanted,
  about: StateDumpAbout,
): Promise<Steps<RestoreMark, AdminAnswer>> {
  const system = await tools.system();
  const { stateRestore: state } = await tools.records();
  const kept = { system, state };
  return {
    ...state.lock,
    stop: () => turnAgent(tools, system.mode, 'stop'),
    start: async () => {
      await turnAgent(tools, system.mode, 'start');
      await untilApiListens();
    },
    readMark: () =>
      readMark(system).catch((cause: unknown) => {
        if (!wanted.withoutKeeping) throw cause;
        return { name: wanted.name, since: system.now().toISOString(), kept: null, carried: [] };
      }),
    writeMark: (mark) => writeMark(system, mark),
    removeMark: () => removeMark(system),
    keep: () => keepState(kept, wanted),
    keepOn: (mark) => keepOn(kept, mark, wanted),
    replace: (mark) => replace(tools, { wanted, about, mark }),
    forgetKept: () => state.carried.forget(),
    halfWay: (cause) => because(cause, halfWay(wanted, cause)),
    notStarted: (cause, isPutBack) => because(cause, notStarted(wanted, isPutBack)),
  };
}

type Asked = { readonly wanted: Wanted; readonly about: StateDumpAbout; readonly mark: RestoreMark };

async function replace(tools: AdminTools, { wanted, about, mark }: Asked): Promise<AdminAnswer> {
  const { name } = wanted;
  const { stateRestore: state, adopt } = await tools.records();
  await state.playBack(name, 'sculptor');
  if (about.door !== null && !(await state.hasDoor())) await state.playBack(name, 'sculptor_door');
  const migrated = await state.bringUp();
  const held = [await holdRevoked(state.carried, mark, wanted), ...(await holdWebhooks(state.carried, mark))];
  await state.leaveNumbers();
  const { told, untold } = await adopt(await tools.system());
  await forgetClaims();
  const accepted = await acceptAudit(tools);
  return {
    lines: [
      `the state is as it was at ${about.at}, from ${name}`,
      mark.kept === null
        ? 'of the state that was there nothing is kept'
        : `what was there is kept as ${mark.kept}`,
      ...migrated.map((each) => `brought up by ${each}`),
      ...held,
      ...accepted.lines,
      ...told,
      ...untold,
      told.length + untold.length === 0
        ? 'nothing on the server is newer than it'
        : `the state was told of ${told.length} things on the server: sculptorctl drift list shows them for an hour, and what else differs within a day`,
      ...(untold.length === 0
        ? []
        : [`of ${untold.length} it could not be told: the agent goes on, and a person has to look at these`]),
    ],
    document: { restored: true, dump: { name, at: about.at }, kept: mark.kept, migrated, held, told, untold },
    good: untold.length === 0,
  };
}

/** Nobody who was put out comes in again; where it is not known who was, only who has root's own file. */
async function holdRevoked(state: StateCarried, { carried }: RestoreMark, wanted: Wanted): Promise<string> {
  if (carried.includes('token_revocation')) {
    await state.revokeAsTaken();
    return 'tokens that were revoked since stay revoked';
  }
  if (wanted.keepTokens) return 'tokens that were revoked since the dump are let in again, as you said';
  const text = await readFile(TOKEN_FILE, 'utf8').catch(() => '');
  const count = await state.revokeAllBut(createHash('sha256').update(text.replace(/\n/g, '')).digest('hex'));
  return `${count} tokens were revoked, for nobody knows which had been: make new ones`;
}

/** No webhook comes back that was deleted, and no secret that another took the place of. */
async function holdWebhooks(state: StateCarried, { carried }: RestoreMark): Promise<readonly string[]> {
  const isKnown = carried.includes('webhook_version');
  const count = isKnown ? await state.webhooksAsTaken() : await state.switchWebhooksOff();
  if (count === 0) return [];
  return [
    `${count} webhooks are switched off, and their secrets are worth nothing, for nobody knows what became of them since: rotate the secret of each that there shall be, and switch it on`,
  ];
}

/** Of operations that went further than those which are back. The executor is stopped. */
async function forgetClaims(): Promise<void> {
  const names = await readdir(paths.claims).catch(() => []);
  for (const name of names) await rm(`${paths.claims}/${name}`, { recursive: true, force: true });
}

function halfWay(wanted: Wanted, cause: unknown): FailureError {
  const why = cause instanceof FailureError ? ` ${cause.failure.message}` : '';
  return new FailureError(
    'server_broken',
    `The dump ${wanted.name} is put back in part: the agent is stopped, and neither its API nor its worker comes into MariaDB. Sites are served on.${why}`,
    `Mend what the log line names, then run sculptorctl system ${wordsOf(wanted)} --yes again: it begins anew.`,
  );
}

function notStarted(wanted: Wanted, isPutBack: boolean): FailureError {
  return new FailureError(
    'server_broken',
    isPutBack
      ? `The dump ${wanted.name} is put back, all of it, and the agent does not start.`
      : `The dump ${wanted.name} was not put back, nothing was changed, and the agent does not start again.`,
    isPutBack
      ? 'It is not to be put back again: sculptorctl doctor says what keeps the agent from starting.'
      : 'The log line says what keeps it from starting; sculptorctl doctor says what else is wrong.',
  );
}
