import { z } from 'zod';
import type { DomainId, TenantId } from '../contract/ids.ts';
import type { DomainName } from '../contract/names.ts';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';

export interface Holder {
  readonly domain: DomainId;
  readonly tenant: TenantId;
}

/** What stands in the way of a name: it is held already, or belongs under or over a name of another tenant. */
export interface NameConflict {
  readonly name: DomainName;
  readonly why: 'held' | 'being-deleted' | 'related';
}

/**
 * Takes the names for a domain, or says which it cannot have; then the transaction has to be given up. A name
 * that the domain holds already is inserted too: it locks the row, so that the worker does not free it meanwhile.
 */
export async function holdDomainNames(
  sql: Sql,
  names: readonly DomainName[],
  holder: Holder,
): Promise<NameConflict | undefined> {
  await lockRoots(sql, names);
  // Everybody takes names in the same order, so that two who want the same ones do not wait for each other.
  for (const name of [...names].sort()) {
    const why = (await isRelated(sql, name, holder)) ? 'related' : await hold(sql, name, holder);
    if (why !== undefined) return { name, why };
  }
  return undefined;
}

/** The first of a domain's names that another domain keeps from being that tenant's. */
export async function relatedName(
  sql: Sql,
  names: readonly DomainName[],
  holder: Holder,
): Promise<DomainName | undefined> {
  for (const name of names) if (await isRelated(sql, name, holder)) return name;
  return undefined;
}

/**
 * Until the transaction ends nobody else takes a name that could be related to one of these: a parent and its child
 * have their last two labels in common. Without it, of two that are asked for at once neither sees the other.
 */
export async function lockRoots(sql: Sql, names: readonly DomainName[]): Promise<void> {
  const roots = new Set(names.map((name) => name.split('.').slice(-2).join('.')));
  for (const root of [...roots].sort()) {
    if (!(await lockRoot(sql, root))) {
      await sql.run('INSERT IGNORE INTO domain_root (name) VALUES (?)', [root]);
      await lockRoot(sql, root);
    }
  }
}

async function lockRoot(sql: Sql, root: string): Promise<boolean> {
  const text = 'SELECT name FROM domain_root WHERE name = ? FOR UPDATE';
  return (await sql.rows(z.object({ name: z.string() }), text, [root])).length > 0;
}

async function hold(
  sql: Sql,
  name: DomainName,
  { domain, tenant }: Holder,
): Promise<NameConflict['why'] | undefined> {
  try {
    const text = 'INSERT INTO domain_name (name, domain_id, tenant) VALUES (?, ?, ?)';
    await sql.run(text, [name, domain, tenant]);
    return undefined;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  const [other] = await sql.rows(
    z.object({ id: z.string(), deleted: z.coerce.number() }),
    `SELECT n.domain_id AS id, (SELECT COALESCE(MAX(v.deleted), 0) FROM domain_version v
       WHERE v.domain_id = n.domain_id) AS deleted FROM domain_name n WHERE n.name = ?`,
    [name],
  );
  if (other?.id === domain) return undefined;
  return other?.deleted === 1 ? 'being-deleted' : 'held';
}

/** A name under or over one of another tenant would let one stand in for the other. Nobody gives leave yet. */
async function isRelated(sql: Sql, name: DomainName, { domain, tenant }: Holder): Promise<boolean> {
  const labels = name.split('.');
  const parents = labels
    .map((_, index) => labels.slice(index + 1).join('.'))
    .filter((parent) => parent !== '');
  const rows = await sql.rows(
    z.object({ name: z.string() }),
    `SELECT name FROM domain_name WHERE tenant <> ? AND domain_id <> ?
       AND (name IN (${parents.map(() => '?').join(', ')}) OR name LIKE ?) LIMIT 1`,
    [tenant, domain, ...parents, `%.${name}`],
  );
  return rows.length > 0;
}
