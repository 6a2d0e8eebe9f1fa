import type { Undo } from './ensure.ts';

/** All or none: where one fails, what was done before it is undone, the last first. */
export async function inTurn(acts: readonly (() => Promise<Undo>)[]): Promise<Undo> {
  const undos: Undo[] = [];
  const undoAll = async () => {
    for (const undo of undos.reverse()) await undo();
  };
  try {
    for (const act of acts) undos.push(await act());
  } catch (failure) {
    await undoAll();
    throw failure;
  }
  return undoAll;
}
