import { createHash, randomBytes } from 'node:crypto';
import { runsPhp } from '../../../contract/domains.ts';
import type { OperationKind } from '../../../contract/operations.ts';
import type { DatabaseEntry } from '../system/database-register.ts';
import type { Managed, Shape, StoredAccount } from '../system/mariadb.ts';
import type { PartEntry } from '../system/part-register.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { TenantEntry } from '../system/tenants.ts';
import { sqlInteger, sqlText } from './sql.ts';

/** What a state knows of a resource: its last version, and what stands of it. */
export type Known = { readonly last: number; readonly status: string | null };

/** What is told of one that the state did not know so, and the statements that tell the state. */
export type Adopted = { readonly what: string; readonly statements: readonly string[] };

export type AdoptedDatabase = {
  readonly id: string;
  readonly there: Managed;
  readonly shape: Shape | null;
  readonly noted: DatabaseEntry | null;
  readonly accounts: readonly StoredAccount[];
};

/** Versions are counted without a gap: whoever was asked for more often than this is left for a person to look at. */
const MOST_VERSIONS = 10_000;
const SERVER = "'default'";
const NOW = 'UTC_TIMESTAMP(3)';

/** Null where the state has it so already, or where nothing of it stands to be told. */
export function adoptSite(entry: SiteEntry, known: Known | undefined, graceHours: number): Adopted | null {
  const { id, name, tenant } = entry;
  const of = { table: 'domain', id, name, tenant, serialKey: `domain:${id}` };
  if (entry.purgedAt !== null || entry.purgingAt !== null)
    return known === undefined || known.status === 'deleted' ? null : gone(of, known, 'deleted');
  const { settings } = entry;
  if (settings === null) return null;
  const version = (generation: number, deleted: boolean) =>
    insert('domain_version', {
      ...{
        domain_id: sqlText(id),
        generation: sqlInteger(generation),
        tenant: sqlText(tenant),
        server: SERVER,
      },
      ...{ name: sqlText(name), aliases: json(entry.names.filter((each) => each !== name)) },
      type: sqlText(settings.type),
      php_version: runsPhp(settings.type) ? textOrNull(settings.phpVersion) : 'NULL',
      public_directory: sqlText(settings.publicDirectory),
      options: json(keptOptions(settings.options, generation)),
      php_limits: json(settings.phpLimits),
      ...{ isolation: sqlText(entry.isolation), enabled: flag(settings.enabled), deleted: flag(deleted) },
    });
  const visitors = (settings.options.basicAuth?.users ?? []).map(
    (user) => (generation: number) =>
      insert('visitor_hash', {
        ...{ domain_id: sqlText(id), generation: sqlInteger(generation) },
        ...{ name: sqlText(user.name), password_hash: sqlText(user.passwordHash) },
      }),
  );
  const names = [...new Set([name, ...entry.names])];
  const held = [
    `DELETE FROM domain_name WHERE domain_id = ${sqlText(id)} OR name IN (${names.map(sqlText).join(', ')})`,
    ...names.map((each) =>
      insert('domain_name', { name: sqlText(each), domain_id: sqlText(id), tenant: sqlText(tenant) }),
    ),
    `UPDATE domain_version SET tenant = ${sqlText(tenant)} WHERE domain_id = ${sqlText(id)}`,
    `UPDATE site_part_version SET tenant = ${sqlText(tenant)} WHERE domain_id = ${sqlText(id)}`,
    ...(entry.protected
      ? [
          `INSERT IGNORE INTO protection (resource_id, resource_type, actor) VALUES (${sqlText(id)}, 'domain', 'root')`,
        ]
      : []),
  ];
  if (entry.removedAt !== null) {
    if (known?.status === 'trashed' || known?.status === 'deleted') return null;
    const generation = Math.max(entry.generation, known?.last ?? 0) + 1;
    const versions = filled(known, generation, (each) => version(each, each === generation));
    const trashed = standing(id, { status: 'trashed', generation, since: entry.removedAt, graceHours });
    return versions === null
      ? tooMany(of)
      : told(of, known, { kind: 'domain.delete', generation, statements: [...versions, ...held, trashed] });
  }
  if (known !== undefined && known.last >= entry.generation) return null;
  const { generation } = entry;
  const versions = filled(known, generation, (each) => version(each, false));
  if (versions === null) return tooMany(of);
  const statements = [
    ...versions,
    ...visitors.map((visitor) => visitor(generation)),
    ...held,
    standing(id, { status: 'live', generation }),
  ];
  return told(of, known, {
    kind: known === undefined ? 'domain.create' : 'domain.update',
    generation,
    statements,
  });
}

/** `named`: what the state knows it by, or its id where it knows it not. */
export function adoptTenant(
  entry: TenantEntry,
  { known, named }: { readonly known: Known | undefined; readonly named: string },
  graceHours: number,
): Adopted | null {
  const { id, generation } = entry;
  const of = { table: 'tenant', id, name: named, tenant: 'default', serialKey: `tenant:${id}` };
  if (entry.purgedAt !== null)
    return known === undefined || known.status === 'deleted' ? null : gone(of, known, 'deleted');
  const version = (each: number, deleted: boolean) =>
    insert('tenant_version', {
      ...{ tenant_id: sqlText(id), generation: sqlInteger(each), server: SERVER, name: sqlText(named) },
      plan: json(entry.plan),
      suspended_reason: entry.suspendedAt === null ? 'NULL' : sqlText('as root has noted it'),
      suspended_since: entry.suspendedAt === null ? 'NULL' : moment(entry.suspendedAt),
      deleted: flag(deleted),
    });
  const first = `INSERT IGNORE INTO tenant (id, name) VALUES (${sqlText(id)}, ${sqlText(named)})`;
  if (entry.removedAt !== null) {
    if (known?.status === 'trashed' || known?.status === 'deleted') return null;
    const last = Math.max(generation, (known?.last ?? 0) + 1);
    const versions = filled(known, last, (each) => version(each, each === last));
    const trashed = standing(id, { status: 'trashed', generation: last, since: entry.removedAt, graceHours });
    return versions === null
      ? tooMany(of)
      : told(of, known, {
          kind: 'tenant.delete',
          generation: last,
          statements: [first, ...versions, trashed],
        });
  }
  if (known !== undefined && known.last >= generation) return null;
  const versions = filled(known, generation, (each) => version(each, false));
  if (versions === null) return tooMany(of);
  const statements = [first, ...versions, standing(id, { status: 'live', generation })];
  return told(of, known, {
    kind: known === undefined ? 'tenant.create' : 'tenant.update',
    generation,
    statements,
  });
}

/** What belongs to a site. A command that ran once is not told: it is over. */
export function adoptPart(entry: PartEntry, known: Known | undefined, tenant: string): Adopted | null {
  const { id, site, type, name, generation } = entry;
  if (type === 'run') return null;
  const of = { table: 'site_part', id, name, tenant, serialKey: `domain:${site}`, type };
  if (entry.removed) {
    if (known === undefined || known.status === 'deleted') return null;
    return gone(of, known, 'deleted');
  }
  if (known !== undefined && known.last >= generation) return null;
  const versions = filled(known, generation, (each) =>
    insert('site_part_version', {
      ...{
        part_id: sqlText(id),
        generation: sqlInteger(each),
        type: sqlText(type),
        domain_id: sqlText(site),
      },
      ...{ tenant: sqlText(tenant), server: SERVER, name: sqlText(name), spec: json(entry.spec) },
    }),
  );
  if (versions === null) return tooMany(of);
  const statements = [
    ...versions,
    `DELETE FROM site_part_name WHERE domain_id = ${sqlText(site)} AND type = ${sqlText(type)} AND name = ${sqlText(name)}`,
    insert('site_part_name', {
      ...{ domain_id: sqlText(site), type: sqlText(type), name: sqlText(name), part_id: sqlText(id) },
    }),
    standing(id, { status: 'live', generation }),
  ];
  // A key has no update.
  const kind = `${type}.${known === undefined || type === 'key' ? 'create' : 'update'}` as OperationKind;
  return told(of, known, { kind, generation, statements });
}

/** As the door has it. */
export function adoptDatabase(
  { id, there, shape, noted }: AdoptedDatabase,
  known: Known | undefined,
  graceHours: number,
): Adopted | null {
  const { name, tenant } = there;
  const of = { table: 'database', id, name, tenant, serialKey: `database:${id}` };
  const removedAt = noted?.removedAt ?? null;
  const isTrashed = removedAt !== null && noted?.purgedAt === null;
  const isGone = there.dropped && !isTrashed;
  if (isGone) return known === undefined || known.status === 'deleted' ? null : gone(of, known, 'deleted');
  if (known?.status === (isTrashed ? 'trashed' : 'live')) return null;
  // What failed, or is not begun, goes on by itself.
  if (!isTrashed && known !== undefined && known.status !== 'trashed') return null;
  const generation = (known?.last ?? 0) + 1;
  const statements = [
    insert('database_version', {
      ...{
        database_id: sqlText(id),
        generation: sqlInteger(generation),
        tenant: sqlText(tenant),
        server: SERVER,
      },
      ...{ name: sqlText(name), deleted: flag(isTrashed) },
      ...(shape === null ? {} : { charset: sqlText(shape.charset), collation: sqlText(shape.collation) }),
    }),
    `DELETE FROM database_name WHERE database_id = ${sqlText(id)} OR name = ${sqlText(name)}`,
    insert('database_name', { server: SERVER, name: sqlText(name), database_id: sqlText(id) }),
    standing(
      id,
      isTrashed
        ? { status: 'trashed', generation, since: removedAt, graceHours }
        : { status: 'live', generation },
    ),
  ];
  const kind = isTrashed ? 'database.delete' : known === undefined ? 'database.create' : 'database.restore';
  return told(of, known, { kind, generation, statements });
}

/** An account that the state does not know. Of those that it knows drift tells what is another. */
export function adoptAccount(
  account: StoredAccount,
  { id: database, there }: AdoptedDatabase,
  known: Known | undefined,
): Adopted | null {
  if (known !== undefined) return null;
  const { id, name } = account;
  const of = {
    ...{ table: 'database_user', id, name, tenant: there.tenant },
    ...{ serialKey: `database:${database}`, type: 'databaseUser' },
  };
  const statements = [
    insert('database_user_version', {
      ...{
        user_id: sqlText(id),
        generation: '1',
        database_id: sqlText(database),
        tenant: sqlText(there.tenant),
      },
      ...{ server: SERVER, name: sqlText(name), privileges: sqlText(account.privileges) },
      max_connections: account.maxConnections === null ? 'NULL' : sqlInteger(account.maxConnections),
      password_hash: textOrNull(account.passwordHash),
    }),
    `DELETE FROM database_user_name WHERE name = ${sqlText(name)}`,
    insert('database_user_name', {
      ...{ server: SERVER, name: sqlText(name), user_id: sqlText(id), database_id: sqlText(database) },
    }),
    standing(id, { status: 'live', generation: 1 }),
  ];
  return told(of, known, { kind: 'databaseUser.create', generation: 1, statements });
}

type Of = {
  readonly table: string;
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly serialKey: string;
  readonly type?: string;
};

const typeOf = ({ table, type = table }: Of) => type;

/** Between what the state has and what root has, each version is there; only the last is one that was asked for. */
function filled(
  known: Known | undefined,
  upTo: number,
  version: (generation: number) => string,
): readonly string[] | null {
  const from = (known?.last ?? 0) + 1;
  if (upTo - from > MOST_VERSIONS) return null;
  return Array.from({ length: upTo - from + 1 }, (_, index) => version(from + index));
}

function tooMany(of: Of): Adopted {
  return { what: `${nameOf(of)} has too many versions to be taken over: look at it by hand`, statements: [] };
}

type Told = {
  readonly kind: OperationKind;
  readonly generation: number;
  readonly statements: readonly string[];
};

/** With an operation of root's that has ended, and what drift shows of it until it is looked at anew. */
function told(of: Of, known: Known | undefined, { kind, generation, statements }: Told): Adopted {
  const operation = `r${randomBytes(10).toString('hex').slice(0, 19)}`;
  const words = wordsOf(known, kind, generation);
  const { id, name, tenant, serialKey } = of;
  const row = insert('operation', {
    ...{
      id: sqlText(operation),
      kind: sqlText(kind),
      resource_type: sqlText(typeOf(of)),
      resource_id: sqlText(id),
    },
    ...{ resource_name: sqlText(name), serial_key: sqlText(serialKey), generation: sqlInteger(generation) },
    ...{
      tenant: sqlText(tenant),
      server: SERVER,
      actor: "'root'",
      status: "'succeeded'",
      epoch: '1',
      attempt: '1',
    },
    ...{ started_at: NOW, ended_at: NOW },
  });
  return {
    what: `${nameOf(of)} ${words}`,
    statements: [...statements, row, ...(of.table in DRIFTS ? drifted(of, operation, words) : [])],
  };
}

function wordsOf(known: Known | undefined, kind: OperationKind, generation: number): string {
  if (kind.endsWith('.delete')) return 'was removed since the dump';
  if (kind.endsWith('.restore')) return 'was restored since the dump';
  if (known === undefined) return 'is on the server and was not in the dump';
  return `is on the server in version ${generation}, and in the dump in version ${known.last}`;
}

/** What is looked at for drift. */
const DRIFTS = { domain: true, database: true, tenant: true } as const;

function drifted(of: Of, operation: string, words: string): readonly string[] {
  const differences = JSON.stringify([{ step: 'be as the dump of the state has it', words, files: [] }]);
  const digest = createHash('sha256').update(differences).digest('hex');
  return [
    insert('drift', {
      ...{ resource_id: sqlText(of.id), resource_type: sqlText(typeOf(of)), resource_name: sqlText(of.name) },
      ...{
        tenant: sqlText(of.tenant),
        server: SERVER,
        differences: sqlText(differences),
        digest: sqlText(digest),
      },
      ...{ since: NOW, looked_at: NOW },
    }).replace('INSERT', 'REPLACE'),
    insert('drift_kept', {
      ...{ resource_id: sqlText(of.id), operation_id: sqlText(operation) },
      ...{ differences: sqlText(differences), found_at: NOW },
    }),
  ];
}

const COPIED: Readonly<Record<string, readonly [id: string, names: string, columns: string]>> = {
  domain: [
    'domain_id',
    'domain_name',
    'domain_id, tenant, server, name, aliases, type, php_version, public_directory, options, php_limits, isolation, enabled',
  ],
  tenant: ['tenant_id', '', 'tenant_id, tenant, server, name, plan, suspended_reason, suspended_since'],
  site_part: ['part_id', 'site_part_name', 'part_id, type, domain_id, tenant, server, name, spec'],
  database: ['database_id', 'database_name', 'database_id, tenant, server, name, charset, collation'],
};

/** There is nothing of it any more: as the state knew it last, and removed. */
function gone(of: Of, known: Known, status: 'deleted'): Adopted {
  const [column, names, columns] = COPIED[of.table] ?? [];
  if (column === undefined || columns === undefined) throw new Error(`nothing is known of ${of.table}`);
  const [generation, id] = [known.last + 1, sqlText(of.id)];
  const statements = [
    `INSERT INTO ${of.table}_version (${columns}, generation, deleted) SELECT ${columns}, ${sqlInteger(generation)}, TRUE
      FROM ${of.table}_version WHERE ${column} = ${id} AND generation = ${sqlInteger(known.last)}`,
    ...(names === '' ? [] : [`DELETE FROM ${names ?? ''} WHERE ${column} = ${id}`]),
    standing(of.id, { status, generation }),
  ];
  const kind = `${typeOf(of)}.delete` as OperationKind;
  return told(of, known, { kind, generation, statements });
}

type Standing =
  | { readonly status: 'live' | 'deleted'; readonly generation: number }
  | {
      readonly status: 'trashed';
      readonly generation: number;
      readonly since: string;
      readonly graceHours: number;
    };

function standing(id: string, to: Standing): string {
  const trashed = to.status === 'trashed';
  return insert('resource_state', {
    ...{ resource_id: sqlText(id), status: `'${to.status}'`, generation: sqlInteger(to.generation) },
    trashed_at: trashed ? moment(to.since) : 'NULL',
    purge_after: trashed
      ? `${moment(to.since)} + INTERVAL ${sqlInteger(Math.round(to.graceHours * 3600))} SECOND`
      : 'NULL',
    updated_at: NOW,
  }).replace('INSERT', 'REPLACE');
}

function insert(table: string, row: Readonly<Record<string, string>>): string {
  return `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`;
}

/** Without what lets visitors in, which stands in a table of its own. */
function keptOptions(
  { basicAuth, ...options }: NonNullable<SiteEntry['settings']>['options'],
  since: number,
): unknown {
  if (basicAuth === null) return { ...options, basicAuth };
  return {
    ...options,
    basicAuth: { ...basicAuth, users: basicAuth.users.map(({ name }) => ({ name, since })) },
  };
}

const nameOf = (of: Of) => `${typeOf(of)} ${of.name} (${of.id})`;
const flag = (value: boolean) => (value ? 'TRUE' : 'FALSE');
const json = (value: unknown) => sqlText(JSON.stringify(value));
const textOrNull = (value: string | null) => (value === null ? 'NULL' : sqlText(value));
const moment = (iso: string) => `'${new Date(iso).toISOString().replace('T', ' ').replace('Z', '')}'`;
