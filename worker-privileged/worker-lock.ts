import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ServerId } from '../contract/ids.ts';
import type { Sql } from '../state/connection.ts';
import { putServerFactOnce, readServerFact } from '../state/server-facts.ts';

/** One worker a server. `hold` answers whether we have the lock, and takes it if it is free. */
export interface WorkerLock {
  readonly hold: () => Promise<boolean>;
}

const Fact = z.object({ name: z.string().max(64) });
const Yes = z.object({ yes: z.number().nullable() });

/**
 * A lock of MariaDB's that lasts as long as the connection: `session` has exactly one, and no other user.
 * Whoever has any account there can take a lock whose name they know, and a tenant could so keep the worker
 * from starting: part of the name is random, and stands where tenants cannot read.
 */
export function createWorkerLock(state: Sql, session: Sql, server: ServerId): WorkerLock {
  let name: string | undefined;
  return {
    hold: async () => {
      name ??= await lockName(state, server);
      const [mine] = await session.rows(Yes, 'SELECT IS_USED_LOCK(?) <=> CONNECTION_ID() AS yes', [name]);
      if (mine?.yes === 1) return true;
      const [taken] = await session.rows(Yes, 'SELECT GET_LOCK(?, 0) AS yes', [name]);
      return taken?.yes === 1;
    },
  };
}

async function lockName(state: Sql, server: ServerId): Promise<string> {
  const fresh = `sculptor-worker-${server}-${randomBytes(12).toString('hex')}`;
  await putServerFactOnce(state, server, { name: 'worker-lock', value: { name: fresh } });
  return Fact.parse(await readServerFact(state, server, 'worker-lock')).name;
}
