import type { Difference } from '../contract/drift.ts';
import { toFailure } from '../contract/failures.ts';
import type { DatabaseId, DomainId } from '../contract/ids.ts';
import type { State } from '../state/connection.ts';
import { findStanding, keepDrift } from '../state/drift.ts';
import type { Looked } from '../state/drift.ts';
import { tellKept } from '../state/telling-drift.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';
import { letIn, lookAtDatabase } from './looking-for-drift.ts';
import type { LookingParts } from './looking-for-drift.ts';
import type { Task } from './task.ts';

type Of = Pick<Looked, 'type' | 'id'>;

/**
 * What is there by hand before an operation changes the resource, or something of it, is kept, and told: never
 * overwritten without a word.
 */
export async function keepFound(
  state: State,
  { task: { operation }, of }: { readonly task: Task; readonly of: Of },
  found: readonly Difference[],
): Promise<void> {
  await state.transaction(async (sql) => {
    const name = (await findStanding(sql, of))?.name ?? operation.resourceName;
    if (await keepDrift(sql, { id: of.id, operation: operation.id }, [...found]))
      await tellKept(sql, { operation, name }, found);
  });
}

/** The same of a site, before it or something of it is changed or taken away. */
export async function keepDriftOfSite(
  { state, executor }: { readonly state: State; readonly executor: Pick<Executor, 'call'> },
  task: Task,
  id: DomainId,
): Promise<void> {
  const { resourceType } = task.operation;
  const all = await looked(
    task,
    async () => (await executor.call('site.drift', { id }, UNASKED)).differences,
  );
  const found = resourceType === 'domain' ? all : all.filter((one) => isOf(one, task));
  if (found.length > 0) await keepFound(state, { task, of: { type: 'domain', id } }, found);
}

/** The same of a database, before it or one of its accounts is. */
export async function keepDriftOfDatabase(
  parts: Omit<LookingParts, 'askPage' | 'state'> & { readonly state: State },
  task: Task,
  id: DatabaseId,
): Promise<void> {
  const { resourceType, resourceName } = task.operation;
  const all = await looked(task, () => lookAtDatabase(parts, id));
  const found = resourceType === 'database' ? all : all.filter(({ step }) => step === letIn(resourceName));
  if (found.length > 0) await keepFound(parts.state, { task, of: { type: 'database', id } }, found);
}

/** What broke off half-way is our own doing, and not looked at; what cannot be looked at keeps nobody from changing it. */
async function looked(
  { operation: { before, attempt, resourceType } }: Task,
  look: () => Promise<readonly Difference[]>,
): Promise<readonly Difference[]> {
  const isPart = !['domain', 'database', 'databaseUser'].includes(resourceType);
  if (attempt > 1 || (!isPart && before === null)) return [];
  try {
    return await look();
  } catch (error) {
    if (AWAY.has(toFailure(error).code)) throw error;
    return [];
  }
}

/** Of all that a site has, an operation on a part of it writes that part's files alone. */
function isOf({ step, files }: Difference, { operation: { resourceType, resourceId } }: Task): boolean {
  // A site has but one, by no id of its own.
  if (resourceType === 'certificate') return step.includes('certificate');
  const place = resourceType === 'key' ? '/etc/sculptor/keys/' : resourceId;
  return files.some(({ path }) => path.includes(place));
}
