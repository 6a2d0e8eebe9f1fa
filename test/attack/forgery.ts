import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { rootSql } from '../machine/server.ts';
import { API, literal, script, sqlAs } from './thieves.ts';

/* What somebody who has become the API writes into the state by its own account, past every check of the API's. */

export type Columns = Readonly<Record<string, string | number | null>>;
type Rows = Readonly<Record<string, Columns>>;
export type Forged = { readonly operation: string; readonly rows: Rows };

/** A session of the thief's own, in which MariaDB checks as little as it can be told to. */
export const CARELESS = "SET SESSION sql_mode = '', foreign_key_checks = 0, check_constraint_checks = 0";

export const newId = (length = 12) => `f${randomBytes(12).toString('hex').slice(1, length)}`;

type Wanted = { readonly tenant: string; readonly kind: string; readonly key?: string };

/** A row for the queue beside a version, each with what `changes` has for that table. */
function forge({ tenant, kind, key }: Wanted, rows: Rows, changes: Rows): Forged {
  const [id = '', generation = 1, name = ''] = Object.values(rows['version'] ?? {});
  const operation = {
    id: newId(20),
    kind,
    resource_type: kind.split('.')[0] ?? '',
    resource_id: id,
    resource_name: name,
    serial_key: key ?? `${kind.split('.')[0] ?? ''}:${id}`,
    generation,
    ...{ tenant, server: 'default', actor: 'forged' },
  };
  const whole = Object.entries({ ...changes, ...rows, operation }).map(
    ([table, columns]) => [table, { ...columns, ...changes[table] }] as const,
  );
  return { operation: operation.id, rows: Object.fromEntries(whole) };
}

export function forgeDomain(tenant: string, changes: Rows = {}, kind = 'domain.create'): Forged {
  const id = newId();
  const name = `${id}.example`;
  const version = {
    ...{ domain_id: id, generation: 1, name, aliases: '[]', type: 'static', php_version: null },
    ...{ public_directory: 'public', isolation: 'site', enabled: 1, deleted: 0, tenant, server: 'default' },
  };
  const held = changes['version']?.['name'] ?? name;
  const holds = { name: held, domain_id: changes['version']?.['domain_id'] ?? id, tenant };
  return forge({ tenant, kind }, { version, holds }, changes);
}

export function forgeDatabase(tenant: string, changes: Rows = {}, kind = 'database.create'): Forged {
  const id = newId();
  const version = { database_id: id, generation: 1, name: id, deleted: 0, tenant, server: 'default' };
  const holds = { server: 'default', name: changes['version']?.['name'] ?? id, database_id: id };
  return forge({ tenant, kind }, { version, holds }, changes);
}

export const HASH = `*${'0A'.repeat(20)}`;

export function forgeUser(
  { tenant, database }: { readonly tenant: string; readonly database: string },
  changes: Rows = {},
  kind = 'databaseUser.create',
): Forged {
  const id = newId();
  const version = {
    ...{ user_id: id, generation: 1, name: id, database_id: database, privileges: 'all' },
    ...{ password_hash: HASH, deleted: 0, tenant, server: 'default' },
  };
  const held = changes['version']?.['name'] ?? id;
  const holds = { server: 'default', name: held, user_id: id, database_id: database };
  return forge({ tenant, kind, key: `database:${database}` }, { version, holds }, changes);
}

/** Inserts them as the API; those that MariaDB did not take have no operation. */
export function insertForged(forged: readonly Forged[]): void {
  const statements = forged.flatMap(({ rows }) => Object.entries(rows).map(insertion));
  sqlAs(API, [CARELESS, 'START TRANSACTION', ...statements, 'COMMIT']);
}

function insertion([table, columns]: readonly [string, Columns]): string {
  const values = Object.values(columns).map((value) =>
    value === null ? 'NULL' : typeof value === 'number' ? String(value) : literal(value),
  );
  const name = table === 'operation' ? table : tableOf(table, columns);
  return `INSERT INTO sculptor.${name} (${Object.keys(columns).join(', ')}) VALUES (${values.join(', ')})`;
}

function tableOf(table: string, columns: Columns): string {
  const noun = 'domain_id' in columns ? 'domain' : 'user_id' in columns ? 'database_user' : 'database';
  return `${noun}_${table === 'version' ? 'version' : 'name'}`;
}

/** Wakes the worker for each as the API does. */
export function wakeForged(operations: readonly string[]): unknown {
  return script(
    API,
    `${QUEUE}
    await queue.addBulk(${JSON.stringify(operations)}.map((operationId) => ({ name: 'wake', data: { operationId },
      opts: { removeOnComplete: true, removeOnFail: true } })));`,
  );
}

/** In a thief's script: a connection to Redis and the agent's own queue, as an account that it has. */
export const QUEUE = `const modules = '/usr/lib/sculptor/app/node_modules/';
    const { Redis } = require(modules + 'ioredis');
    const { Queue } = require(modules + 'bullmq');
    const redis = new Redis({ path: '/run/sculptor-redis/redis.sock', username: stolen.redisUser,
      password: stolen.redisPassword, maxRetriesPerRequest: null, retryStrategy: () => null });
    redis.on('error', () => undefined);
    const queue = new Queue('privileged-default', { connection: redis, prefix: 'sculptor' });
    queue.on('error', () => undefined);`;

export type End = { readonly status: string; readonly code: string; readonly audited: number };

/** How each ended, once none is open any more; nothing for one that MariaDB did not take. */
export async function endsOf(operations: readonly string[]): Promise<ReadonlyMap<string, End>> {
  const among = `id IN (${operations.map((id) => `'${id}'`).join(', ')})`;
  const open = `SELECT COUNT(*) FROM sculptor.operation WHERE ended_at IS NULL AND ${among}`;
  while (rootSql(open) !== '0\n') await pause(50);
  const rows = rootSql(`SELECT id, status, COALESCE(error_code, ''), (SELECT COUNT(*) FROM sculptor.audit a
    WHERE a.action = CONCAT('operation ', o.id) AND a.outcome = 'refused' AND a.actor = 'worker-privileged')
    FROM sculptor.operation o WHERE ${among}`);
  return new Map(
    rows
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\t'))
      .map(([id = '', status = '', code = '', audited]) => [id, { status, code, audited: Number(audited) }]),
  );
}

/** A valid wish is carried out, whoever wrote it: a database of the tenant's that is there. */
export async function realDatabase(tenant: string): Promise<string> {
  const { operation, rows } = forgeDatabase(tenant);
  await carriedOut({ operation, rows });
  return String(rows['version']?.['database_id']);
}

export async function carriedOut(...forged: readonly Forged[]): Promise<void> {
  insertForged(forged);
  const operations = forged.map(({ operation }) => operation);
  wakeForged(operations);
  const ends = await endsOf(operations);
  const left = operations.filter((id) => ends.get(id)?.status !== 'succeeded');
  if (left.length > 0) throw new Error(`not carried out: ${JSON.stringify([...ends])}`);
}
