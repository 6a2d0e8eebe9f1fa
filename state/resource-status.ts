import { z } from 'zod';
import type { ResourceStatus } from '../contract/domains.ts';

/** What was asked for last, beside what the worker last brought about; null where it has done nothing yet. */
export interface Standing {
  readonly deleted: boolean;
  readonly generation: number;
  readonly state: 'live' | 'failed' | 'deleted' | 'trashed' | null;
  readonly stateGeneration: number | null;
}

/** The columns of `resource_state` as a query joins them. */
export const stateColumns = {
  state: z.enum(['live', 'failed', 'deleted', 'trashed']).nullable(),
  stateGeneration: z.number().nullable(),
};

/** A resource whose worker says that it is gone is gone, whatever was asked for in the meantime. */
export function resourceStatus(standing: Standing): ResourceStatus {
  if (standing.state === 'deleted') return 'deleted';
  const done = standing.stateGeneration !== null && standing.stateGeneration >= standing.generation;
  if (done && standing.state !== null) return standing.state;
  return standing.deleted ? 'deleting' : 'pending';
}
