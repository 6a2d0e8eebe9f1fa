import { z } from 'zod';
import { WouldBe, WOULD_BE_VERSIONS } from '../contract/changes.ts';
import type { WouldBeType } from '../contract/changes.ts';
import type { OperationId } from '../contract/ids.ts';
import { NO_PHP_LIMITS } from '../contract/domains.ts';
import { OPERATION_RESOURCES } from '../contract/operations.ts';
import type { Sql } from './connection.ts';
import { findOperation } from './open-operations.ts';
import type { OpenOperation } from './open-operations.ts';
import { isProtected } from './protection.ts';
import { readPartVersion } from './site-parts.ts';
import { readDatabaseVersion, readDomainVersion, readTenantVersion } from './versions.ts';
import { VERSIONS } from './versions-of.ts';

/** An operation with its version, inside the transaction that writes both: what is left of them where that is undone. */
export async function readWouldBe(sql: Sql, id: OperationId): Promise<WouldBe> {
  const row = await findOperation(sql, id);
  const type = row?.resourceType as WouldBeType;
  if (row === undefined || !(type in WOULD_BE_VERSIONS)) throw new Error('this cannot be planned');
  const { kind, resourceId, resourceName: name, generation, tenant, server } = row;
  const version = WOULD_BE_VERSIONS[type].parse(await READ[type](sql, row));
  return WouldBe.parse({
    ...{ kind, resource: { id: resourceId, name }, generation, tenant, server, version },
  });
}

type Read = (sql: Sql, row: OpenOperation) => Promise<unknown>;

const part: Read = async (sql, { resourceId, generation }) => {
  const { domain, name, spec } = (await readPartVersion(sql, resourceId, generation)) ?? {};
  return { domain, name, spec };
};

const READ: Readonly<Record<WouldBeType, Read>> = {
  domain: async (sql, { resourceId: id, generation }) => {
    const version = await readDomainVersion(sql, id, generation);
    if (version === undefined) return undefined;
    const { name, aliases, type, phpVersion, publicDirectory, options, isolation, enabled } = version;
    const phpLimits = version.phpLimits ?? NO_PHP_LIMITS;
    return {
      ...{ name, aliases, type, phpVersion, publicDirectory, options, phpLimits, isolation, enabled },
      protected: await isProtected(sql, id),
    };
  },
  database: async (sql, { resourceId: id, generation }) => {
    const { name, charset, collation } = (await readDatabaseVersion(sql, id, generation)) ?? {};
    return { name, charset, collation, protected: await isProtected(sql, id) };
  },
  // What hash it has is not read: nobody who asks for a plan may.
  databaseUser: async (sql, { resourceId, generation }) => {
    const text = `SELECT u.name, u.database_id AS \`database\`, u.privileges, u.max_connections AS maxConnections,
        (SELECT MIN(d.name) FROM database_version d WHERE d.database_id = u.database_id) AS databaseName
      FROM database_user_version u WHERE u.user_id = ? AND u.generation = ?`;
    return (await sql.rows(z.unknown(), text, [resourceId, generation]))[0];
  },
  tenant: async (sql, { resourceId, generation }) => {
    const { plan, suspended } = (await readTenantVersion(sql, resourceId, generation)) ?? {};
    return { plan, suspended };
  },
  key: part,
  cache: part,
  certificate: part,
  cron: part,
  queue: part,
};

const Owner = z.object({ tenant: z.string(), server: z.string() });

/** Whose a resource is, as it was made; undefined where there is none. */
export async function ownerOf(
  sql: Sql,
  type: WouldBeType,
  id: string,
): Promise<z.infer<typeof Owner> | undefined> {
  const text = `SELECT tenant, server FROM ${VERSIONS[type]} = ? AND generation = 1`;
  return (await sql.rows(Owner, text, [id]))[0];
}

export function typeOf({ kind }: Pick<WouldBe, 'kind'>): WouldBeType {
  return OPERATION_RESOURCES[kind];
}

const Standing = z.object({ type: z.enum(['domain', 'database']), name: z.string() });

const standingOf = (type: z.infer<typeof Standing>['type']) =>
  `SELECT '${type}' AS type, v.name FROM ${type}_version v JOIN resource_state s ON s.resource_id = v.${type}_id
    AND s.status IN ('live', 'failed') WHERE v.generation = 1 AND v.tenant = ?`;

/** The sites and databases of a tenant, by name. */
export async function standingOfTenant(
  sql: Sql,
  tenant: string,
  most: number,
): Promise<z.infer<typeof Standing>[]> {
  const text = `${standingOf('domain')} UNION ALL ${standingOf('database')} ORDER BY type DESC, name LIMIT ?`;
  return sql.rows(Standing, text, [tenant, tenant, most]);
}
