import type { Difference } from '../contract/drift.ts';
import { toFailure } from '../contract/failures.ts';
import type { DomainId } from '../contract/ids.ts';
import type { State } from '../state/connection.ts';
import { keepDrift } from '../state/drift.ts';
import { tellKept } from '../state/telling-drift.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';
import type { Task } from './task.ts';

/** What is there by hand before an operation changes the resource is kept, and told: never overwritten without a word. */
export async function keepFound(
  state: State,
  { operation }: Task,
  found: readonly Difference[],
): Promise<void> {
  const { resourceId: id, id: by } = operation;
  await state.transaction(async (sql) => {
    if (await keepDrift(sql, { id, operation: by }, [...found])) await tellKept(sql, operation, found);
  });
}

/** The same of a site, before it or something of it is changed. What broke off half-way is our own doing, and not looked at. */
export async function keepDriftOfSite(
  { state, executor }: { readonly state: State; readonly executor: Pick<Executor, 'call'> },
  task: Task,
  id: DomainId,
): Promise<void> {
  const { before, attempt, resourceType } = task.operation;
  if (attempt > 1 || (resourceType === 'domain' && before === null)) return;
  const differences = await look(executor, id);
  const found = resourceType === 'domain' ? differences : differences.filter((one) => isOf(one, task));
  if (found.length > 0) await keepFound(state, task, found);
}

/** What cannot be looked at keeps nobody from changing it. */
async function look(executor: Pick<Executor, 'call'>, id: DomainId): Promise<readonly Difference[]> {
  try {
    return (await executor.call('site.drift', { id }, UNASKED)).differences;
  } catch (error) {
    if (AWAY.has(toFailure(error).code)) throw error;
    return [];
  }
}

/** Of all that a site has, an operation on a part of it writes that part's files alone. */
function isOf({ files }: Difference, { operation: { resourceType, resourceId } }: Task): boolean {
  const place = resourceType === 'key' ? '/etc/sculptor/keys/' : resourceId;
  return files.some(({ path }) => path.includes(place));
}
