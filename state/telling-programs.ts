import { OperationId, ServerId, TenantId } from '../contract/ids.ts';
import type { ProgramOutput, ProgramReport } from '../contract/queues.ts';
import type { Sql } from './connection.ts';
import { insertNotification } from './notifications.ts';
import { lastSuccess } from './open-operations.ts';

/** Once for each operation that started it: whoever starts it again is told again. */
export async function tellProgramFailed(
  sql: Sql,
  { part, processes }: ProgramReport,
  output: ProgramOutput,
): Promise<void> {
  const operation = await lastSuccess(sql, { type: 'queue', id: part });
  if (operation === undefined) return;
  const failed = processes.find(({ state }) => state === 'failed');
  const lines = output.find(({ number }) => number === failed?.number)?.lines ?? [];
  const words = lines.slice(-3).join(' / ');
  const message = [
    `The program of the queue ${operation.resourceName} keeps ending at once and is not started any more.`,
    words === '' ? ' It said nothing.' : ` It said last: ${words}`,
  ].join('');
  await insertNotification(sql, {
    kind: 'program_failed',
    operation: {
      id: OperationId.parse(operation.id),
      resourceType: 'queue',
      resourceId: part,
      resourceName: operation.resourceName,
      tenant: TenantId.parse(operation.tenant),
      server: ServerId.parse(operation.server),
    },
    message: message.length > 500 ? `${message.slice(0, 499)}…` : message,
  });
}
