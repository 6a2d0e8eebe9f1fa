import type { Difference } from '../contract/drift.ts';
import { OperationId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import type { Looked } from './drift.ts';
import { insertNotification, type NewNotification } from './notifications.ts';
import { lastSuccess } from './open-operations.ts';

/** Told with the operation that had brought it about; where there is none nobody waits for the news. */
export async function tellDrift(sql: Sql, looked: Looked, found: readonly Difference[]): Promise<void> {
  const { type, id, name, tenant, server } = looked;
  const operation = OperationId.safeParse((await lastSuccess(sql, { type, id }))?.id);
  if (!operation.success) return;
  await insertNotification(sql, {
    kind: 'drift',
    operation: {
      ...{ id: operation.data, resourceType: type, resourceId: id, resourceName: name },
      tenant,
      server,
    },
    message: `${name} is not as it was asked for any more: ${summary(found)}`,
  });
}

/** What an operation has found, and may have overwritten. */
export async function tellKept(
  sql: Sql,
  operation: NewNotification['operation'],
  found: readonly Difference[],
): Promise<void> {
  const { resourceName } = operation;
  const message = `Before ${resourceName} was changed, this was found there by hand, and is kept: ${summary(found)}`;
  await insertNotification(sql, { kind: 'drift', operation, message });
}

function summary(found: readonly Difference[]): string {
  const told = found.slice(0, 3).map(({ step, words }) => `${step}: ${words}`);
  const more = found.length - told.length;
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}
