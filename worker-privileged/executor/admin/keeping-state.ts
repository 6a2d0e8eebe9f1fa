import { FailureError } from '../../../contract/failures.ts';
import type { StateDumpName } from '../../../contract/state-dumps.ts';
import { because } from '../system/because.ts';
import { CARRIED, type Carried, type StateCarried } from '../system/state-carried.ts';
import type { StateRestore } from '../system/state-restore.ts';
import type { System } from '../system/system.ts';
import type { RestoreMark } from './restore-mark.ts';

type Tools = {
  readonly system: Pick<System, 'now'> & { readonly stateDumps: Pick<System['stateDumps'], 'make'> };
  readonly state: Pick<StateRestore, 'isThere'> & {
    readonly carried: Pick<StateCarried, 'take' | 'taken' | 'takeRevokedSince' | 'forget'>;
  };
};

export type Keeping = { readonly name: StateDumpName; readonly withoutKeeping: boolean };

/** All of what is there, and by itself what has to hold further on. Throws where it cannot be read, unless root goes without. */
export async function keepState({ system, state }: Tools, wanted: Keeping): Promise<RestoreMark> {
  const { name, withoutKeeping } = wanted;
  const since = system.now().toISOString();
  await state.carried.forget();
  if (!(await state.isThere())) return { name, since, kept: null, carried: [] };
  const kept = withoutKeeping ? null : (await asking(() => system.stateDumps.make('-replaced'))).name;
  const carried: Carried[] = [];
  for (const table of CARRIED) {
    const taken = asking(() => state.carried.take(table)).then(() => [table]);
    carried.push(...(await (withoutKeeping ? taken.catch(() => []) : taken)));
  }
  return { name, since, kept, carried };
}

/** As it was kept by one that broke off. */
export async function keepOn({ state }: Tools, mark: RestoreMark, wanted: Keeping): Promise<RestoreMark> {
  const taken = await state.carried.taken();
  const carried = mark.carried.filter((table) => taken.includes(table));
  if (carried.length < mark.carried.length && !wanted.withoutKeeping)
    throw notKept(new FailureError('mismatch', 'What was kept of the state is not there any more.', ''));
  // Where that is half of something there is nothing in it yet.
  if (carried.includes('token_revocation')) await state.carried.takeRevokedSince().catch(() => undefined);
  return { ...mark, name: wanted.name, carried };
}

function asking<T>(keep: () => Promise<T>): Promise<T> {
  return keep().catch((cause: unknown) => {
    throw because(cause, notKept(cause));
  });
}

function notKept(cause: unknown): FailureError {
  const { code, message } =
    cause instanceof FailureError ? cause.failure : { code: 'internal' as const, message: '' };
  return new FailureError(
    code,
    `The state that is there could not be kept, so nothing was put in its place. ${message}`.trim(),
    'Mend what the log line names, or say --without-keeping: what cannot be read of it is given up then.',
  );
}
