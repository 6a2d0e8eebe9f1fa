import type { MaxConnections } from '../../contract/databases.ts';
import type { ServerId } from '../../contract/ids.ts';
import type { Sql } from '../../state/connection.ts';
import { invalidInput } from '../problems.ts';
import { readDatabasesFact } from '../server/facts.ts';

/**
 * Refuses more connections than an account of this server may have. Where that became less since, the privileged side
 * gives what is allowed: see `connection_cap` in state/procedures.sql, which is also where a tenant's plan comes in.
 */
export async function requireAllowedConnections(
  sql: Sql,
  server: ServerId,
  wanted: MaxConnections | undefined,
): Promise<void> {
  if (wanted === undefined || wanted === null) return;
  const { connectionsPerAccount } = await readDatabasesFact(sql, server);
  if (wanted <= connectionsPerAccount) return;
  throw invalidInput([
    {
      field: 'maxConnections',
      message: 'An account of this server may not have so many connections.',
      expected: `a whole number from 1 to ${connectionsPerAccount}, or null for as many as may be`,
    },
  ]);
}
