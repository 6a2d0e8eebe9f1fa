import type { Difference } from '../../contract/drift.ts';
import { differencesOf } from './differences.ts';
import type { Run } from './ensure.ts';
import type { Files } from './system/files.ts';

/** Thrown where the steps of a plan would begin: what comes after them in their verb is not done either. */
export class PlanMade extends Error {
  readonly differences: readonly Difference[];

  constructor(differences: readonly Difference[]) {
    super('the plan is made');
    this.name = 'PlanMade';
    this.differences = differences;
  }
}

export function planned(run: Run, files: Pick<Files, 'read' | 'readLink' | 'stray' | 'isClosed'>): Run {
  return {
    ...run,
    plan: async (steps) => {
      throw new PlanMade(await differencesOf(files, steps, 'refuse'));
    },
  };
}

/** What a verb would change. One that comes to an end without steps would change nothing. */
export async function differencesPlanned(act: () => Promise<unknown>): Promise<readonly Difference[]> {
  try {
    await act();
    return [];
  } catch (made) {
    if (made instanceof PlanMade) return made.differences;
    throw made;
  }
}
