import type { TenantId } from '../contract/ids.ts';
import type { Config } from '../runtime/config.ts';
import type { Sql } from '../state/connection.ts';
import { countWaiting } from '../state/open-operations.ts';
import { ProblemError } from './problems.ts';

export type QueueSettings = Pick<Config, 'server' | 'waitingOperations' | 'waitingOperationsPerTenant'>;

/** Throws a ProblemError where no further operation of the tenant may wait. */
export type RequireRoomInQueue = (sql: Sql, tenant: TenantId) => Promise<void>;

/** Of each tenant apart too: one that asks without end takes nobody else's places. */
export function createQueueRoom(settings: QueueSettings): RequireRoomInQueue {
  const { server, waitingOperations: most, waitingOperationsPerTenant: mostOfTenant } = settings;
  return async (sql, tenant) => {
    if ((await countWaiting(sql, { server, most })) >= most) throw full(`${most} operations wait`);
    if ((await countWaiting(sql, { server, tenant, most: mostOfTenant })) >= mostOfTenant)
      throw full(`${mostOfTenant} operations of this tenant wait`);
  };
}

/** So many go by in it that there is room again. */
const SECONDS = '30';

function full(what: string): ProblemError {
  const headers = { 'Retry-After': SECONDS };
  return new ProblemError('queue-full', `${what}, as many as may. Ask again in a while.`, { headers });
}
