import { z } from 'zod';
import type { DomainId } from '../contract/ids.ts';
import type { Sql } from './connection.ts';
import type { ClaimedOperation } from './open-operations.ts';
import { readDomainVersion } from './versions.ts';

/** Whether a domain is on its way to another tenant: until that has ended nothing else may be asked of it. */
export async function isMoving(sql: Sql, id: DomainId): Promise<boolean> {
  const text = `SELECT id FROM operation
    WHERE resource_id = ? AND kind = 'domain.move' AND status IN ('queued', 'running') LIMIT 1`;
  return (await sql.rows(z.object({ id: z.string() }), text, [id])).length > 0;
}

/**
 * The domain is the other tenant's, with all that was ever asked for of it and of what belongs to it. Who asked, and for
 * whom, stays written in the operations.
 */
export async function handOver(
  sql: Sql,
  { kind, resourceId, generation }: Pick<ClaimedOperation, 'kind' | 'resourceId' | 'generation'>,
): Promise<void> {
  if (kind !== 'domain.move') return;
  const to = (await readDomainVersion(sql, resourceId, generation))?.movesTo ?? null;
  if (to === null) throw new Error('a move without an aim has ended well');
  for (const table of ['domain_version', 'site_part_version', 'domain_name'])
    await sql.run(`UPDATE ${table} SET tenant = ? WHERE domain_id = ?`, [to, resourceId]);
}

/** How many parts of each type stand on a domain. */
export async function countParts(sql: Sql, id: DomainId): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.rows(
    z.object({ type: z.string(), count: z.coerce.number() }),
    'SELECT type, COUNT(*) AS count FROM site_part_name WHERE domain_id = ? GROUP BY type',
    [id],
  );
  return new Map(rows.map(({ type, count }) => [type, count]));
}
