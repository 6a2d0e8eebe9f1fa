import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { OperationId } from '../../../contract/ids.ts';
import type { OperationKind } from '../../../contract/operations.ts';
import { OPERATION_RESOURCES } from '../../../contract/operations.ts';
import type { PartType } from '../../../contract/site-parts.ts';
import type { Sql, State } from '../../../state/connection.ts';

const Anything = z.unknown();

/** Rows as the API inserts them, with the API's own account. */
export interface Asked {
  readonly operation: OperationId;
  readonly id: string;
}

export function freshId(length = 12): string {
  return `t${randomBytes(length).toString('hex').slice(1, length)}`;
}

export function freshOperationId(): OperationId {
  return OperationId.parse(freshId(20));
}

export interface OperationRow {
  readonly kind: OperationKind;
  readonly id: string;
  readonly name: string;
  readonly generation: number;
  readonly serialKey: string;
  readonly tenant?: string | undefined;
  readonly server?: string;
  readonly operation?: OperationId;
}

export async function insertOperation(api: Sql, row: OperationRow): Promise<OperationId> {
  const operation = row.operation ?? freshOperationId();
  const type = OPERATION_RESOURCES[row.kind];
  await api.run(
    `INSERT INTO operation (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant,
       server, actor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ttttttttttt1')`,
    [
      ...[operation, row.kind, type, row.id, row.name, row.serialKey, row.generation],
      ...[row.tenant ?? 'default', row.server ?? 'default'],
    ],
  );
  return operation;
}

export interface DomainRow {
  readonly kind: 'domain.create' | 'domain.update' | 'domain.delete' | 'domain.restore';
  readonly name: string;
  readonly id?: string;
  readonly generation?: number;
  readonly aliases?: readonly string[];
  readonly names?: readonly string[];
  readonly publicDirectory?: string;
  readonly tenant?: string;
}

export async function askDomain(api: State, row: DomainRow): Promise<Asked> {
  const { kind, name, id = freshId(), generation = 1, aliases = [], publicDirectory = 'public' } = row;
  const { tenant = 'default' } = row;
  await api.run(
    `INSERT INTO domain_version (domain_id, generation, tenant, server, name, aliases, type, php_version,
       public_directory, isolation, enabled, deleted)
     VALUES (?, ?, ?, 'default', ?, ?, 'php', '8.2', ?, 'site', TRUE, ?)`,
    [id, generation, tenant, name, JSON.stringify(aliases), publicDirectory, kind === 'domain.delete'],
  );
  for (const held of row.names ?? [name, ...aliases]) {
    const known = await api.rows(Anything, 'SELECT name FROM domain_name WHERE name = ?', [held]);
    if (known.length === 0) {
      await api.run('INSERT INTO domain_name (name, domain_id, tenant) VALUES (?, ?, ?)', [
        ...[held, id, tenant],
      ]);
    }
  }
  const operation = await insertOperation(api, {
    kind,
    id,
    name,
    generation,
    serialKey: `domain:${id}`,
    tenant,
  });
  return { operation, id };
}

export interface DatabaseRow {
  readonly kind: 'database.create' | 'database.update' | 'database.delete' | 'database.restore';
  readonly name: string;
  readonly tenant?: string;
  readonly id?: string;
  readonly generation?: number;
}

export async function askDatabase(api: State, row: DatabaseRow): Promise<Asked> {
  const { kind, name, id = freshId(), generation = 1, tenant = 'default' } = row;
  await api.run(
    `INSERT INTO database_version (database_id, generation, tenant, server, name, deleted)
     VALUES (?, ?, ?, 'default', ?, ?)`,
    [id, generation, tenant, name, kind === 'database.delete'],
  );
  if (generation === 1) {
    await api.run("INSERT INTO database_name (server, name, database_id) VALUES ('default', ?, ?)", [
      name,
      id,
    ]);
  }
  const operation = await insertOperation(api, {
    kind,
    id,
    name,
    generation,
    serialKey: `database:${id}`,
    tenant,
  });
  return { operation, id };
}

export interface DatabaseUserRow {
  readonly kind: 'databaseUser.create' | 'databaseUser.rotate' | 'databaseUser.delete';
  readonly name: string;
  readonly database: string;
  readonly hash: string;
  readonly id?: string;
  readonly generation?: number;
  readonly privileges?: 'all' | 'read';
}

export async function askDatabaseUser(api: State, row: DatabaseUserRow): Promise<Asked> {
  const { kind, name, database, hash, id = freshId(), generation = 1, privileges = 'all' } = row;
  await api.run(
    `INSERT INTO database_user_version (user_id, generation, database_id, tenant, server, name, privileges,
       password_hash, deleted) VALUES (?, ?, ?, 'default', 'default', ?, ?, ?, ?)`,
    [id, generation, database, name, privileges, hash, kind === 'databaseUser.delete'],
  );
  if (generation === 1) {
    await api.run(
      "INSERT INTO database_user_name (server, name, user_id, database_id) VALUES ('default', ?, ?, ?)",
      [name, id, database],
    );
  }
  const serialKey = `database:${database}`;
  const operation = await insertOperation(api, { kind, id, name, generation, serialKey });
  return { operation, id };
}

export interface PartRow {
  readonly kind: Extract<OperationKind, `${PartType}.${string}`>;
  readonly generation: number;
  readonly id?: string;
  readonly domain?: string;
  readonly spec?: object;
}

export async function askPart(
  api: State,
  { kind, generation, id = freshId(), domain = freshId(), spec = {} }: PartRow,
): Promise<Asked & { readonly domain: string }> {
  const type = OPERATION_RESOURCES[kind];
  const version = [id, generation, type, domain, id, JSON.stringify(spec), kind.endsWith('.delete')];
  await api.run(
    `INSERT INTO site_part_version (part_id, generation, type, domain_id, tenant, server, name, spec, deleted)
     VALUES (?, ?, ?, ?, 'default', 'default', ?, ?, ?)`,
    version,
  );
  const serialKey = type === 'run' ? `run:${id}` : `domain:${domain}`;
  const operation = await insertOperation(api, { kind, id, name: id, generation, serialKey });
  return { operation, id, domain };
}
