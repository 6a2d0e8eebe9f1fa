import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import type { PartId } from '../contract/ids.ts';
import type { PartType } from '../contract/site-parts.ts';
import type { Sql } from './connection.ts';
import { insertNotification } from './notifications.ts';
import { lastSuccess } from './open-operations.ts';

/**
 * Each time that it is said, `sentence` being about the name that the program has. False where no operation has
 * brought it about yet.
 */
export async function tellProgramFailed(
  sql: Sql,
  { type, part }: { readonly type: PartType; readonly part: PartId },
  sentence: (name: string) => string,
): Promise<boolean> {
  const operation = await lastSuccess(sql, { type, id: part });
  if (operation === undefined) return false;
  await insertNotification(sql, {
    kind: 'program_failed',
    operation: {
      id: OperationId.parse(operation.id),
      resourceType: type,
      resourceId: part,
      resourceName: operation.resourceName,
      tenant: TenantId.parse(operation.tenant),
      server: ServerId.parse(operation.server),
    },
    message: sentence(operation.resourceName),
  });
  return true;
}
