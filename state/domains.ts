import { z } from 'zod';
import type { Domain } from '../contract/domains.ts';
import { Isolation, NO_PHP_LIMITS, PhpLimits, SiteType } from '../contract/domains.ts';
import { DomainId, Generation, ServerId, TenantId } from '../contract/ids.ts';
import { Aliases, DomainName, PhpVersion, PublicDirectory } from '../contract/names.ts';
import { KeptOptions, type ShownOptions } from '../contract/site-options.ts';
import type { Sql } from './connection.ts';
import { resourceStatus, stateColumns } from './resource-status.ts';
import { nextGeneration } from './versions-of.ts';
import { bit, instant, json } from './row-values.ts';

/** A domain as it was asked for last; `deleted` when what was asked for last is its removal. */
export interface DomainRecord {
  readonly domain: Domain;
  /** As they are kept. */
  readonly options: KeptOptions;
  readonly deleted: boolean;
}

/** Versions of before have none. */
const phpLimits = json(PhpLimits)
  .nullable()
  .transform((limits) => limits ?? NO_PHP_LIMITS);

const Row = z.object({
  id: DomainId,
  name: DomainName,
  aliases: json(Aliases),
  type: SiteType,
  phpVersion: PhpVersion.nullable(),
  publicDirectory: PublicDirectory,
  options: json(KeptOptions),
  phpLimits,
  isolation: Isolation,
  enabled: bit,
  deleted: bit,
  protected: bit,
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  createdAt: instant,
  updatedAt: instant,
  ...stateColumns,
});

const COLUMNS = `v.domain_id AS id, v.name, v.aliases, v.type, v.php_version AS phpVersion,
  v.public_directory AS publicDirectory, v.options, v.php_limits AS phpLimits, v.isolation, v.enabled, v.deleted,
  v.tenant, v.server, v.generation,
  (SELECT f.created_at FROM domain_version f WHERE f.domain_id = v.domain_id AND f.generation = 1) AS createdAt,
  v.created_at AS updatedAt, EXISTS (SELECT 1 FROM protection p WHERE p.resource_id = v.domain_id) AS protected,
  s.status AS state, s.generation AS stateGeneration`;

// A version whose operation was taken back, or overtaken by one that was, is not what is asked for.
const CURRENT = `v.generation = (SELECT MAX(o.generation) FROM operation o
  WHERE o.resource_id = v.domain_id AND o.resource_type = 'domain' AND o.status NOT IN ('cancelled', 'superseded'))
  AND COALESCE(s.status, '') <> 'deleted'`;

const STATE = 'LEFT JOIN resource_state s ON s.resource_id = v.domain_id';

export async function findDomain(
  sql: Sql,
  tenant: TenantId,
  id: DomainId,
): Promise<DomainRecord | undefined> {
  const text = `SELECT ${COLUMNS} FROM domain_version v ${STATE}
    WHERE v.domain_id = ? AND v.tenant = ? AND ${CURRENT}`;
  return (await sql.rows(Row, text, [id, tenant])).map(toRecord)[0];
}

/** The id behind a name (not an alias) that this tenant holds. */
export async function findDomainId(
  sql: Sql,
  tenant: TenantId,
  name: DomainName,
): Promise<DomainId | undefined> {
  const text = `SELECT n.domain_id AS id FROM domain_name n
    JOIN domain_version v ON v.domain_id = n.domain_id AND v.generation = 1 AND v.name = n.name
    WHERE n.name = ? AND n.tenant = ?`;
  return (await sql.rows(z.object({ id: DomainId }), text, [name, tenant]))[0]?.id;
}

export interface DomainFilter {
  readonly name?: DomainName | undefined;
  /** The name that the page begins after. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** In the order of names, which is that of the index it walks along: the last page costs what the first does. */
export async function listDomains(
  sql: Sql,
  tenant: TenantId,
  { name, after = '', limit }: DomainFilter,
): Promise<DomainRecord[]> {
  const rows = await sql.rows(
    Row,
    `SELECT STRAIGHT_JOIN ${COLUMNS} FROM domain_name n
       JOIN domain_version v ON v.domain_id = n.domain_id AND v.name = n.name ${STATE}
       WHERE n.name > ? ${name === undefined ? '' : 'AND n.name = ?'} AND n.tenant = ? AND ${CURRENT}
       ORDER BY n.name LIMIT ?`,
    [after, ...(name === undefined ? [] : [name]), tenant, limit],
  );
  return rows.map(toRecord);
}

/** Waits for, and keeps off, whoever else writes this domain; returns the number of its next version. */
export async function lockDomain(sql: Sql, id: DomainId): Promise<Generation> {
  const first = 'SELECT generation FROM domain_version WHERE domain_id = ? AND generation = 1 FOR UPDATE';
  await sql.rows(z.object({ generation: Generation }), first, [id]);
  return nextGeneration(sql, 'domain', id);
}

export type DomainVersion = Omit<Domain, 'options' | 'protected' | 'status' | 'createdAt' | 'updatedAt'> & {
  readonly options: KeptOptions;
};

const VersionRow = z.object({
  id: DomainId,
  generation: Generation,
  tenant: TenantId,
  server: ServerId,
  name: DomainName,
  aliases: json(Aliases),
  type: SiteType,
  phpVersion: PhpVersion.nullable(),
  publicDirectory: PublicDirectory,
  options: json(KeptOptions),
  phpLimits,
  isolation: Isolation,
  enabled: bit,
});

const VERSION = `SELECT v.domain_id AS id, v.generation, v.tenant, v.server, v.name, v.aliases, v.type,
  v.php_version AS phpVersion, v.public_directory AS publicDirectory, v.options, v.php_limits AS phpLimits, v.isolation,
  v.enabled FROM domain_version v`;

/** What the last operation that went well, and was no removal, has brought about. */
export async function findLastGoodVersion(sql: Sql, id: DomainId): Promise<DomainVersion | undefined> {
  const text = `${VERSION} JOIN operation o ON o.resource_id = v.domain_id AND o.generation = v.generation
    WHERE v.domain_id = ? AND o.resource_type = 'domain' AND o.status = 'succeeded' AND NOT v.deleted
      AND o.kind NOT IN ('domain.drift', 'domain.repair')
    ORDER BY v.generation DESC LIMIT 1`;
  return (await sql.rows(VersionRow, text, [id]))[0];
}

export async function findDomainVersion(
  sql: Sql,
  id: DomainId,
  generation: Generation,
): Promise<DomainVersion | undefined> {
  const text = `${VERSION} WHERE v.domain_id = ? AND v.generation = ?`;
  return (await sql.rows(VersionRow, text, [id, generation]))[0];
}

export async function insertDomainVersion(
  sql: Sql,
  wanted: DomainVersion,
  {
    deleted = false,
    movesTo = null,
  }: { readonly deleted?: boolean; readonly movesTo?: TenantId | null } = {},
): Promise<void> {
  await sql.run(
    `INSERT INTO domain_version (domain_id, generation, tenant, server, name, aliases, type, php_version,
       public_directory, options, php_limits, isolation, enabled, deleted, moves_to)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      ...[wanted.id, wanted.generation, wanted.tenant, wanted.server, wanted.name],
      ...[JSON.stringify(wanted.aliases), wanted.type, wanted.phpVersion, wanted.publicDirectory],
      ...[
        JSON.stringify(wanted.options),
        JSON.stringify(wanted.phpLimits),
        wanted.isolation,
        wanted.enabled,
        deleted,
        movesTo,
      ],
    ],
  );
}

function toRecord({ deleted, state, stateGeneration, options, ...row }: z.infer<typeof Row>): DomainRecord {
  const standing = { deleted, state, stateGeneration, generation: row.generation };
  return {
    deleted,
    options,
    domain: { ...row, options: shown(options), status: resourceStatus(standing) },
  };
}

function shown({ basicAuth, ...options }: KeptOptions): ShownOptions {
  if (basicAuth === null) return { ...options, basicAuth };
  return { ...options, basicAuth: { ...basicAuth, users: basicAuth.users.map(({ name }) => ({ name })) } };
}
