import { failpoint } from '../../contract/failpoint.ts';
import type { Undo } from './ensure.ts';

/** All or none: where one fails, what was done before it is undone, the last first. */
export async function inTurn(acts: readonly (() => Promise<Undo>)[]): Promise<Undo> {
  const undos: Undo[] = [];
  try {
    for (const act of acts) {
      undos.push(await act());
      failpoint('one of several: done');
    }
  } catch (failure) {
    await undoAll(undos);
    throw failure;
  }
  return () => undoAll(undos);
}

/** One that fails keeps none before it from being undone: on a full disk nothing can be written, and much be removed. */
async function undoAll(undos: readonly Undo[]): Promise<void> {
  const failures: unknown[] = [];
  for (const undo of [...undos].reverse()) await undo().catch((cause: unknown) => failures.push(cause));
  if (failures.length > 0) throw failures[0];
}
