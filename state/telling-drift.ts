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
    message: `${name} is not as it was asked for any more, in ${inWays(found)}. ${TOLD_BY} ${name}`,
  });
}

/** What an operation has found, and may have overwritten. */
export async function tellKept(
  sql: Sql,
  { operation, name }: { readonly operation: NewNotification['operation']; readonly name: string },
  found: readonly Difference[],
): Promise<void> {
  const message = `Before ${operation.resourceName} was changed, it was found changed by hand in ${inWays(found)}, which is kept. ${TOLD_BY} ${name}`;
  await insertNotification(sql, { kind: 'drift', operation, message });
}

/** The tenant reads notifications too, and what root has written into files is root's. */
const TOLD_BY = 'An administrator sees what it is: sculptorctl drift show';

function inWays({ length }: readonly Difference[]): string {
  return length === 1 ? 'one way' : `${length} ways`;
}
