import { MOST_DIFFERENCES, MOST_OF_ALL } from '../contract/drift.ts';
import type { Difference } from '../contract/drift.ts';
import { toFailure } from '../contract/failures.ts';
import { DatabaseId, DomainId, TenantId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { findStanding, keepDrift, standingOf } from '../state/drift.ts';
import type { Looked } from '../state/drift.ts';
import { tellKept } from '../state/telling-drift.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';
import { fewAtATime } from './few-at-a-time.ts';
import { letIn, lookAtDatabase } from './looking-for-drift.ts';
import type { LookingParts } from './looking-for-drift.ts';
import type { Task } from './task.ts';

export interface KeepingParts {
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  readonly logger: Pick<Logger, 'warn'>;
}

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
export async function keepDriftOfSite(parts: KeepingParts, task: Task, id: DomainId): Promise<void> {
  if (!isToBeLookedAt(task)) return;
  const all = await looked(parts, task, () => LOOKS.domain(parts, id));
  const found = task.operation.resourceType === 'domain' ? all : all.filter((one) => isOf(one, task));
  if (found.length > 0) await keepFound(parts.state, { task, of: { type: 'domain', id } }, found);
}

/** The same of a database, before it or one of its accounts is. */
export async function keepDriftOfDatabase(
  parts: KeepingParts & Pick<LookingParts, 'door'>,
  task: Task,
  id: DatabaseId,
): Promise<void> {
  const { resourceType, resourceName } = task.operation;
  if (!isToBeLookedAt(task)) return;
  const all = await looked(parts, task, () => lookAtDatabase(parts, id));
  const found = resourceType === 'database' ? all : all.filter(({ step }) => step === letIn(resourceName));
  if (found.length > 0) await keepFound(parts.state, { task, of: { type: 'database', id } }, found);
}

/**
 * The same of a tenant and all that it has, before its own change is brought about in each: kept as the tenant's, with the
 * name of what it is of. Of hundreds that were changed, the first are told.
 */
export async function keepDriftOfTenant(parts: KeepingParts, task: Task, id: TenantId): Promise<void> {
  if (!isToBeLookedAt(task)) return;
  const { server } = task.operation;
  const found: Difference[] = [];
  const standing = await standingOf(parts.state, { tenant: id, server });
  await fewAtATime(standing, async ({ type, id: one, name }) => {
    for (const difference of await looked(parts, task, () => LOOKS[type](parts, one)))
      found.push({ ...difference, words: `${name}: ${difference.words}`.slice(0, 500) });
  });
  if (found.length > 0) await keepFound(parts.state, { task, of: { type: 'tenant', id } }, bounded(found));
}

/** What is beyond the bound is named without its files. */
function bounded(found: readonly Difference[]): readonly Difference[] {
  let room = MOST_OF_ALL;
  return found.slice(0, MOST_DIFFERENCES).map((one) => {
    room -= JSON.stringify(one).length;
    return room >= 0 ? one : { ...one, files: [] };
  });
}

/** By root's own record alone. */
const LOOKS: Readonly<
  Record<Looked['type'], (parts: KeepingParts, id: string) => Promise<readonly Difference[]>>
> = {
  domain: async ({ executor }, id) =>
    (await executor.call('site.drift', { id: DomainId.parse(id) }, UNASKED)).differences,
  database: async ({ executor }, id) =>
    (await executor.call('database.drift', { id: DatabaseId.parse(id) }, UNASKED)).differences,
  tenant: async ({ executor }, id) =>
    (await executor.call('tenant.drift', { id: TenantId.parse(id) }, UNASKED)).differences,
};

/** What broke off half-way is our own doing, and nobody can tell it from another's: a later attempt does not look. */
function isToBeLookedAt({ operation: { before, attempt, resourceType } }: Task): boolean {
  const isPart = !['domain', 'database', 'databaseUser', 'tenant'].includes(resourceType);
  return attempt <= 1 && (isPart || before !== null);
}

/** What cannot be looked at keeps nobody from changing it. */
async function looked(
  { logger }: KeepingParts,
  { operation: { id: operationId } }: Task,
  look: () => Promise<readonly Difference[]>,
): Promise<readonly Difference[]> {
  try {
    return await look();
  } catch (error) {
    const { code, message } = toFailure(error);
    if (AWAY.has(code)) throw error;
    logger.warn({ operationId, code, why: message }, 'changed without a look at what was there');
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
