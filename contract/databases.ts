import { z } from 'zod';
import { Charset, charsetOf, Collation } from './collations.ts';
import { ResourceStatus } from './domains.ts';
import { DatabaseId, DatabaseUserId, Generation, ServerId, TenantId } from './ids.ts';
import { DatabaseName, DatabaseUserName } from './names.ts';

/** What an account may do in its one database. */
export const Privileges = z.enum(['all', 'read']);
export type Privileges = z.infer<typeof Privileges>;

/** What tenants' databases are on: see docs/adr/0017-mysql-by-the-same-interface.md. */
export const DatabaseServer = z.enum(['mariadb', 'mysql']);
export type DatabaseServer = z.infer<typeof DatabaseServer>;

/**
 * MariaDB's `*` and 40 upper-case hex digits, SHA-1 of the SHA-1 of the password, as `mysql_native_password` stores it; or
 * MySQL's, `$A$005$`, 20 characters of salt and 43 of SHA-256, in the alphabet of crypt, as `caching_sha2_password` does.
 * Nobody can log in with it; it is all that leaves the API of a password.
 */
export const PasswordHash = z
  .string()
  .regex(
    /^(?:\*[0-9A-F]{40}|\$A\$005\$[./0-9A-Za-z]{63})$/,
    'a hash of mysql_native_password or of caching_sha2_password',
  )
  .brand<'PasswordHash'>();
export type PasswordHash = z.infer<typeof PasswordHash>;

const changesSomething = (change: object) => Object.values(change).some((value) => value !== undefined);

const CharacterSet = { charset: Charset.optional(), collation: Collation.optional() };

interface AskedCharacterSet {
  readonly charset?: Charset | undefined;
  readonly collation?: Collation | undefined;
}

const belongTogether = ({ charset, collation }: AskedCharacterSet) =>
  charset === undefined || collation === undefined || charsetOf(collation) === charset;
const APART = { path: ['collation'], error: 'a collation of that character set' };

export const CreateDatabase = z
  .strictObject({ name: DatabaseName, ...CharacterSet, protected: z.boolean().default(false) })
  .refine(belongTogether, APART);
export type CreateDatabase = z.infer<typeof CreateDatabase>;

/**
 * The character set is the one of what is made in the database from then on. Protection can be asked for, and is
 * cleared by root on the server alone.
 */
export const UpdateDatabase = z
  .strictObject({ ...CharacterSet, protected: z.literal(true).optional() })
  .refine(changesSomething, { error: 'at least one of charset, collation and protected' })
  .refine(belongTogether, APART);
export type UpdateDatabase = z.infer<typeof UpdateDatabase>;

/** How many connections an account may have at once; null for as many as the server allows any account. */
export const MaxConnections = z.int().min(1).max(100_000).nullable();
export type MaxConnections = z.infer<typeof MaxConnections>;

export const CreateDatabaseUser = z.strictObject({
  name: DatabaseUserName,
  privileges: Privileges.default('all'),
  maxConnections: MaxConnections.default(null),
});
export type CreateDatabaseUser = z.infer<typeof CreateDatabaseUser>;

export const UpdateDatabaseUser = z
  .strictObject({ privileges: Privileges.optional(), maxConnections: MaxConnections.optional() })
  .refine(changesSomething, { error: 'at least one of privileges and maxConnections' });
export type UpdateDatabaseUser = z.infer<typeof UpdateDatabaseUser>;

/** In octets, by the figures that the database server keeps itself. */
export const DatabaseSize = z.strictObject({
  data: z.int().min(0),
  index: z.int().min(0),
  measuredAt: z.iso.datetime(),
});
export type DatabaseSize = z.infer<typeof DatabaseSize>;

export const Database = z.strictObject({
  id: DatabaseId,
  name: DatabaseName,
  charset: Charset,
  collation: Collation,
  /** Null until it was measured. */
  size: DatabaseSize.nullable(),
  protected: z.boolean(),
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  status: ResourceStatus,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Database = z.infer<typeof Database>;

export const DatabaseUser = z.strictObject({
  id: DatabaseUserId,
  database: DatabaseId,
  name: DatabaseUserName,
  privileges: Privileges,
  maxConnections: MaxConnections,
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  status: ResourceStatus,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type DatabaseUser = z.infer<typeof DatabaseUser>;
