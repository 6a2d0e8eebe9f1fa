import { z } from 'zod';
import { PasswordHash, Privileges } from '../../../contract/databases.ts';
import { DatabaseId, DatabaseUserId, TenantId } from '../../../contract/ids.ts';
import { DatabaseName, DatabaseUserName } from '../../../contract/names.ts';
import { hashFor } from '../../../contract/password-hashes.ts';
import { sqlText } from '../render/sql.ts';
import type { Commands } from './command.ts';
import type { TenantsServer } from './config.ts';
import { createRemoval } from './database-removal.ts';
import { createDoorSql } from './door-sql.ts';
import { createDump, type Dump, type Dumped } from './dumps.ts';
import { createLentClient } from './lent-client.ts';
import { createPlayBack, type PlayBack } from './play-back.ts';
import { createShell, type Talk } from './shell.ts';
import { createRootSql } from './root-sql.ts';

/** MariaDB's JSON has booleans, which older versions write as numbers. */
const flag = z.union([z.boolean(), z.int().transform((value) => value === 1)]);

/** A database of the door's register, as it is on the server. */
export const Managed = z.object({
  name: DatabaseName,
  tenant: TenantId,
  /** Not there by the register; its name may be somebody else's. */
  dropped: flag,
  /** Nobody logs in to it. */
  closed: flag,
  /** Its accounts are to be locked, whatever else becomes of it; how many of them are, and how many let somebody in. */
  locked: flag,
  accountsLocked: z.int(),
  accountsOpen: z.int(),
  /** Its schema is there. A tenant can drop its own. */
  schema: flag,
});
export type Managed = z.infer<typeof Managed>;

/** How much there is of what a dump holds. */
export const Contents = z.strictObject({
  tables: z.int(),
  views: z.int(),
  routines: z.int(),
  triggers: z.int(),
  events: z.int(),
});
export type Contents = z.infer<typeof Contents>;

const word = z.string().regex(/^[a-z0-9_]{1,64}$/);
export const Shape = z.strictObject({ charset: word, collation: word, contents: Contents });
export type Shape = z.infer<typeof Shape>;

export const StoredAccount = z.strictObject({
  id: DatabaseUserId,
  name: DatabaseUserName,
  privileges: Privileges,
  maxConnections: z.int().nullable().default(null),
  /** Null where it is none of ours: a tenant may have given itself an empty password. */
  passwordHash: PasswordHash.nullable().catch(null),
});
export type StoredAccount = z.infer<typeof StoredAccount>;

/** Null is no limit. */
export const DoorLimits = z.strictObject({
  databases: z.int().nullable(),
  users: z.int().nullable(),
  connections: z.int().nullable(),
  suspended: flag,
});
export type DoorLimits = z.infer<typeof DoorLimits>;

export type Mariadb = {
  /** Null for an id that the door never made. */
  readonly find: (id: DatabaseId) => Promise<Managed | null>;
  /** What a schema holds; null where there is none. */
  readonly shape: (name: DatabaseName) => Promise<Shape | null>;
  readonly collate: (name: DatabaseName, as: Pick<Shape, 'charset' | 'collation'>) => Promise<void>;
  /** Its accounts, in the order they were made. */
  readonly accounts: (id: DatabaseId) => Promise<readonly StoredAccount[]>;
  /** What the door's read_user says of an account, for compareGrants. */
  readonly grants: (id: DatabaseUserId) => Promise<readonly string[]>;
  /** Ends all sessions of its accounts and locks these; `open` unlocks them. */
  readonly close: (id: DatabaseId) => Promise<void>;
  readonly open: (id: DatabaseId) => Promise<void>;
  /**
   * Locks all its accounts and ends their sessions, until they are unlocked. What is made, changed or brought back
   * meanwhile is locked too. Unlocked, those of a database that is closed stay so until it is opened.
   */
  readonly lockAccounts: (id: DatabaseId) => Promise<void>;
  readonly unlockAccounts: (id: DatabaseId) => Promise<void>;
  /** Writes the whole database to a file that only root reads; there is no file where it did not end well. */
  readonly dump: (what: Dumped, file: string) => Promise<Dump>;
  /** Drops its accounts and its schema for good. */
  readonly remove: (id: DatabaseId) => Promise<void>;
  /** Makes it anew under its old id, empty and closed; throws where its name is not free. */
  readonly restore: (id: DatabaseId, shape: Shape) => Promise<void>;
  /** As the server stores a password. */
  readonly hashOf: (password: string) => PasswordHash;
  readonly restoreAccount: (account: StoredAccount & { passwordHash: PasswordHash }) => Promise<void>;
  /** Lets one account in with a password of this hour, and ends that. */
  readonly lend: (id: DatabaseId, account: string, hash: PasswordHash) => Promise<void>;
  readonly takeBack: (id: DatabaseId, account: string, hash: PasswordHash) => Promise<void>;
  /** By its id, or else by its name: one that stands and is open. */
  readonly findStanding: (word: Named) => Promise<Dumped | null>;
  /** A client of its own for root's terminal; false where it ended badly. */
  readonly shell: (what: Dumped, talk: Talk) => Promise<boolean>;
  readonly playBack: (what: PlayBack) => Promise<void>;
  /** A tenant's, by the door's register: those that are there, or all that ever were. */
  readonly ofTenant: (tenant: TenantId, which: 'there' | 'ever') => Promise<readonly DatabaseId[]>;
  /** What all databases of a tenant take, by what InnoDB notes. */
  readonly octetsOf: (tenant: TenantId) => Promise<number>;
  /** What the door goes by for a tenant; null where it has nothing of it. */
  readonly readTenant: (id: TenantId) => Promise<DoorLimits | null>;
  readonly putTenant: (id: TenantId, limits: DoorLimits) => Promise<void>;
  readonly forgetTenant: (id: TenantId) => Promise<void>;
};

type Tools = TenantsServer & {
  readonly commands: Pick<Commands, 'run'>;
};

/** Removing a large schema takes its time. */
const LIMIT_MS = 600_000;

export function createMariadb({ commands, server, socketPath, dumper }: Tools): Mariadb {
  const sql = createRootSql({ commands, socketPath, timeoutMs: LIMIT_MS });
  const { rows, call } = createDoorSql(sql);
  const client = createLentClient({ commands, socketPath });
  const hashOf = (password: string) => hashFor(server, password);
  const done = async (procedure: string, values: readonly string[]) => {
    await call(procedure, values);
  };
  return {
    find: async (id) => z.array(Managed).parse(await rows(findQuery(id)))[0] ?? null,
    shape: async (name) => z.array(Shape).parse(await rows(shapeQuery(name)))[0] ?? null,
    collate: async (name, { charset, collation }) => {
      await sql(
        `ALTER DATABASE \`${DatabaseName.parse(name)}\` CHARACTER SET ${word.parse(charset)} COLLATE ${word.parse(collation)};`,
      );
    },
    accounts: async (id) => z.array(StoredAccount).parse(await rows(accountsQuery(id))),
    grants: (id) => call('read_user', [id]),
    close: (id) => done('close_database', [id]),
    open: (id) => done('open_database', [id]),
    lockAccounts: (id) => done('lock_accounts', [id]),
    unlockAccounts: (id) => done('unlock_accounts', [id]),
    dump: createDump({ client, call, rows, hashOf, dumper }),
    remove: createRemoval({ sql, call, server }),
    restore: (id, { charset, collation }) => done('restore_database', [id, charset, collation]),
    hashOf,
    restoreAccount: ({ id, privileges, passwordHash }) =>
      done('restore_user', [id, privileges, passwordHash]),
    lend: (id, account, hash) => done('lend', [id, account, hash]),
    takeBack: (id, account, hash) => done('take_back', [id, account, hash]),
    findStanding: async ({ id, name }) =>
      z.array(Standing).parse(await rows(standingQuery(id ?? '', name ?? '')))[0] ?? null,
    shell: createShell({ client, call, hashOf }),
    playBack: createPlayBack(client),
    ofTenant: async (tenant, which) =>
      z
        .array(OwnedId)
        .parse(await rows(ofTenantQuery(tenant, which)))
        .map(({ id }) => id),
    octetsOf: async (tenant) => z.array(Taken).parse(await rows(octetsQuery(tenant)))[0]?.octets ?? 0,
    readTenant: async (id) => z.array(DoorLimits).parse(await rows(tenantQuery(id)))[0] ?? null,
    putTenant: async (id, { databases, users, connections, suspended }) => {
      const limits = [databases, users, connections].map((limit) => (limit === null ? '' : String(limit)));
      await call('put_tenant', [id, ...limits, suspended ? '1' : '0']);
    },
    forgetTenant: (id) => done('forget_tenant', [id]),
  };
}

function findQuery(id: DatabaseId): string {
  return `SELECT JSON_OBJECT('name', d.name, 'tenant', d.tenant, 'dropped', d.dropped_at IS NOT NULL, 'closed', d.closed_at IS NOT NULL,
      'locked', d.locked_at IS NOT NULL, 'accountsLocked', ${accountsCount('p.locked')},
      'accountsOpen', ${accountsCount('NOT p.locked')},
      'schema', EXISTS (SELECT 1 FROM information_schema.schemata s WHERE s.schema_name = d.name))
    FROM sculptor_door.managed_database d WHERE d.id = ${sqlText(id)}`;
}

const Standing = z.strictObject({ id: DatabaseId, name: DatabaseName });
type Named = { readonly id?: DatabaseId | undefined; readonly name?: DatabaseName | undefined };

function standingQuery(id: string, name: string): string {
  return `SELECT JSON_OBJECT('id', id, 'name', name) FROM sculptor_door.managed_database
    WHERE dropped_at IS NULL AND closed_at IS NULL AND (id = ${sqlText(id)} OR name = ${sqlText(name)})
    ORDER BY id = ${sqlText(id)} DESC LIMIT 1`;
}

const OwnedId = z.strictObject({ id: DatabaseId });

function ofTenantQuery(tenant: TenantId, which: 'there' | 'ever'): string {
  return `SELECT JSON_OBJECT('id', d.id) FROM sculptor_door.managed_database d WHERE d.tenant = ${sqlText(tenant)}
    ${which === 'there' ? 'AND d.dropped_at IS NULL' : ''} ORDER BY d.id`;
}

const Taken = z.strictObject({ octets: z.int() });

/** The same that the door's measure_database counts, of each. */
function octetsQuery(tenant: TenantId): string {
  return `SELECT JSON_OBJECT('octets', CAST(COALESCE(SUM(t.clustered_index_size + t.sum_of_other_index_sizes), 0)
      * @@innodb_page_size AS INTEGER))
    FROM sculptor_door.managed_database d JOIN mysql.innodb_table_stats t ON t.database_name = d.name
    WHERE d.tenant = ${sqlText(tenant)} AND d.dropped_at IS NULL`;
}

function tenantQuery(id: TenantId): string {
  return `SELECT JSON_OBJECT('databases', most_databases, 'users', most_users, 'connections', most_connections,
      'suspended', suspended) FROM sculptor_door.managed_tenant WHERE id = ${sqlText(id)}`;
}

function accountsCount(isLocked: string): string {
  return `(SELECT COUNT(*) FROM sculptor_door.managed_user u
    JOIN sculptor_door.server_account p ON p.name = u.name AND p.host = 'localhost'
    WHERE u.database_id = d.id AND u.dropped_at IS NULL AND ${isLocked})`;
}

/** The name stands in it as a constant: MariaDB would otherwise look into every schema of the server. */
function shapeQuery(name: DatabaseName): string {
  const count = (from: string) => `(SELECT COUNT(*) FROM ${from} = ${quoted(name)})`;
  return `SELECT JSON_OBJECT('charset', s.default_character_set_name, 'collation', s.default_collation_name,
      'contents', JSON_OBJECT(
        'tables', ${count("information_schema.tables t WHERE t.table_type NOT LIKE '%VIEW' AND t.table_schema")},
        'views', ${count('information_schema.views v WHERE v.table_schema')},
        'routines', ${count('sculptor_door.server_routine p WHERE p.db')},
        'triggers', ${count('information_schema.triggers g WHERE g.trigger_schema')},
        'events', ${count('sculptor_door.server_event e WHERE e.db')}))
    FROM information_schema.schemata s WHERE s.schema_name = ${quoted(name)}`;
}

/** As a name of a schema, which holds nothing that ends it. */
function quoted(name: DatabaseName): string {
  return `'${DatabaseName.parse(name)}'`;
}

function accountsQuery(id: DatabaseId): string {
  return `SELECT JSON_OBJECT('id', u.id, 'name', u.name, 'privileges', IF(EXISTS (SELECT 1 FROM mysql.db g
        WHERE g.user = u.name AND g.host = 'localhost' AND g.insert_priv = 'Y'), 'all', 'read'),
      'maxConnections', u.max_connections, 'passwordHash', IF(p.by_hash, p.hash, NULL))
    FROM sculptor_door.managed_user u JOIN sculptor_door.server_account p ON p.name = u.name AND p.host = 'localhost'
    WHERE u.dropped_at IS NULL AND u.database_id = ${sqlText(id)} ORDER BY u.created_at, u.id`;
}
