import { z } from 'zod';
import { DomainId, Generation, PartId, ServerId, TenantId } from '../contract/ids.ts';
import { PartName } from '../contract/site-parts.ts';
import type { PartBase, PartType } from '../contract/site-parts.ts';
import { isDuplicate } from './connection.ts';
import type { Sql } from './connection.ts';
import { lastSuccess } from './open-operations.ts';
import { resourceStatus, stateColumns } from './resource-status.ts';
import { bit, instant, looseJson } from './row-values.ts';

/** A part as it was asked for last. Its spec is read by whoever knows its type. */
export interface PartRecord {
  readonly part: PartBase;
  readonly spec: unknown;
  readonly deleted: boolean;
}

const Row = z.object({
  id: PartId,
  domain: DomainId,
  name: PartName,
  spec: looseJson,
  deleted: bit,
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  createdAt: instant,
  updatedAt: instant,
  ...stateColumns,
});

const COLUMNS = `v.part_id AS id, v.domain_id AS domain, v.name, v.spec, v.deleted, v.tenant, v.server, v.generation,
  (SELECT f.created_at FROM site_part_version f WHERE f.part_id = v.part_id AND f.generation = 1) AS createdAt,
  v.created_at AS updatedAt, s.status AS state, s.generation AS stateGeneration`;

// See the same in domains.ts.
const CURRENT = `v.generation = (SELECT MAX(o.generation) FROM operation o WHERE o.resource_id = v.part_id
  AND o.resource_type = v.type AND o.status NOT IN ('cancelled', 'superseded'))
  AND COALESCE(s.status, '') <> 'deleted'`;

const FROM = `FROM site_part_name n JOIN site_part_version v ON v.part_id = n.part_id AND v.type = n.type
  LEFT JOIN resource_state s ON s.resource_id = v.part_id`;

/** Of which site, and what: a queue, for instance. */
export interface PartKind {
  readonly domain: DomainId;
  readonly type: PartType;
}

/** By id or by name, of one site. */
export async function findPart(
  sql: Sql,
  { domain, type }: PartKind,
  wanted: { readonly id: string } | { readonly name: string },
): Promise<PartRecord | undefined> {
  const [column, value] = 'id' in wanted ? ['n.part_id', wanted.id] : ['n.name', wanted.name];
  const text = `SELECT ${COLUMNS} ${FROM} WHERE n.domain_id = ? AND n.type = ? AND ${column} = ? AND ${CURRENT}`;
  return (await sql.rows(Row, text, [domain, type, value])).map(toRecord)[0];
}

export interface PartFilter {
  /** The name that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of names. */
export async function listParts(
  sql: Sql,
  { domain, type }: PartKind,
  { after = '', limit }: PartFilter,
): Promise<PartRecord[]> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE n.domain_id = ? AND n.type = ? AND n.name > ? AND ${CURRENT}
    ORDER BY n.name LIMIT ?`;
  return (await sql.rows(Row, text, [domain, type, after, limit])).map(toRecord);
}

/** Of all sites of a tenant, those without what lies in the trash; in the order of the sites' ids. */
export async function listTenantParts(
  sql: Sql,
  { tenant, type }: { readonly tenant: TenantId; readonly type: PartType },
  { after = '', limit }: PartFilter,
): Promise<PartRecord[]> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE v.tenant = ? AND n.type = ? AND n.domain_id > ? AND ${CURRENT}
    AND NOT EXISTS (SELECT 1 FROM resource_state d WHERE d.resource_id = n.domain_id AND d.status <> 'live' AND d.status <> 'failed')
    ORDER BY n.domain_id LIMIT ?`;
  return (await sql.rows(Row, text, [tenant, type, after, limit])).map(toRecord);
}

/** Whether any site has one of that type. */
export async function hasPartsOf(sql: Sql, type: PartType): Promise<boolean> {
  const text = 'SELECT part_id AS id FROM site_part_name WHERE type = ? LIMIT 1';
  return (await sql.rows(z.object({ id: z.string() }), text, [type])).length > 0;
}

export type PartVersion = Omit<PartBase, 'status' | 'createdAt' | 'updatedAt'> & {
  readonly type: PartType;
  readonly spec: unknown;
};

export async function insertPartVersion(sql: Sql, wanted: PartVersion, deleted: boolean): Promise<void> {
  await sql.run(
    `INSERT INTO site_part_version (part_id, generation, type, domain_id, tenant, server, name, spec, deleted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[wanted.id, wanted.generation, wanted.type, wanted.domain, wanted.tenant, wanted.server],
      ...[wanted.name, JSON.stringify(wanted.spec), deleted],
    ],
  );
}

/** Takes the name, or says that it is not to be had; then the transaction has to be given up. */
export async function holdPartName(
  sql: Sql,
  { id, domain, type, name }: Pick<PartVersion, 'id' | 'domain' | 'type' | 'name'>,
): Promise<'held' | undefined> {
  try {
    const text = 'INSERT INTO site_part_name (domain_id, type, name, part_id) VALUES (?, ?, ?, ?)';
    await sql.run(text, [domain, type, name, id]);
    return undefined;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return 'held';
  }
}

/** Whether it is taken, by one that is on its way out too. */
export async function isPartNameHeld(
  sql: Sql,
  { domain, type, name }: Pick<PartVersion, 'domain' | 'type' | 'name'>,
): Promise<boolean> {
  const text = 'SELECT part_id AS id FROM site_part_name WHERE domain_id = ? AND type = ? AND name = ?';
  return (await sql.rows(z.object({ id: z.string() }), text, [domain, type, name])).length > 0;
}

/** The site that a part was brought about for, or was to be; undefined where none can be called so. */
export async function siteOfPart(sql: Sql, id: PartId, type: PartType): Promise<DomainId | undefined> {
  const generation = (await lastSuccess(sql, { type, id }))?.generation ?? 1;
  return DomainId.safeParse((await readPartVersion(sql, id, generation))?.domain).data;
}

/** Which of them were ever asked for as that type. */
export async function partsOfType(
  sql: Sql,
  type: PartType,
  ids: readonly PartId[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const text = `SELECT DISTINCT part_id AS id FROM site_part_version
    WHERE type = ? AND part_id IN (${ids.map(() => '?').join(', ')})`;
  return new Set((await sql.rows(z.object({ id: z.string() }), text, [type, ...ids])).map(({ id }) => id));
}

const VersionRow = z.object({
  type: z.string(),
  domain: z.string(),
  tenant: z.string(),
  server: z.string(),
  name: z.string(),
  spec: looseJson,
  deleted: bit,
  /** Of the domain that it says it belongs to, as that was made; null where there is none such. */
  domainTenant: z.string().nullable(),
  domainServer: z.string().nullable(),
});
export type PartVersionRow = z.infer<typeof VersionRow>;

/** As the API wrote it: whoever acts on it parses it with the contract's schemas first. */
export async function readPartVersion(
  sql: Sql,
  id: string,
  generation: Generation,
): Promise<PartVersionRow | undefined> {
  const rows = await sql.rows(
    VersionRow,
    `SELECT v.type, v.domain_id AS domain, v.tenant, v.server, v.name, v.spec, v.deleted, d.tenant AS domainTenant,
       d.server AS domainServer FROM site_part_version v
       LEFT JOIN domain_version d ON d.domain_id = v.domain_id AND d.generation = 1
       WHERE v.part_id = ? AND v.generation = ?`,
    [id, generation],
  );
  return rows[0];
}

function toRecord({ deleted, spec, state, stateGeneration, ...part }: z.infer<typeof Row>): PartRecord {
  const standing = { deleted, state, stateGeneration, generation: part.generation };
  return { deleted, spec, part: { ...part, status: resourceStatus(standing) } };
}
