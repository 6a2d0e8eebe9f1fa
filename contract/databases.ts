import { z } from 'zod';
import { ResourceStatus } from './domains.ts';
import { DatabaseId, DatabaseUserId, Generation, ServerId, TenantId } from './ids.ts';
import { DatabaseName, DatabaseUserName } from './names.ts';

/** What an account may do in its one database. */
export const Privileges = z.enum(['all', 'read']);
export type Privileges = z.infer<typeof Privileges>;

/**
 * `*` and 40 upper-case hex digits: SHA-1 of the SHA-1 of the password, as `mysql_native_password` stores it.
 * Nobody can log in with it; it is all that leaves the API of a password.
 */
export const PasswordHash = z
  .string()
  .regex(/^\*[0-9A-F]{40}$/, 'a mysql_native_password hash')
  .brand<'PasswordHash'>();
export type PasswordHash = z.infer<typeof PasswordHash>;

export const CreateDatabase = z.strictObject({
  name: DatabaseName,
  protected: z.boolean().default(false),
});
export type CreateDatabase = z.infer<typeof CreateDatabase>;

/** A database has no settings; protection can be asked for, and is cleared by root on the server alone. */
export const UpdateDatabase = z.strictObject({ protected: z.literal(true) });
export type UpdateDatabase = z.infer<typeof UpdateDatabase>;

export const CreateDatabaseUser = z.strictObject({
  name: DatabaseUserName,
  privileges: Privileges.default('all'),
});
export type CreateDatabaseUser = z.infer<typeof CreateDatabaseUser>;

export const Database = z.strictObject({
  id: DatabaseId,
  name: DatabaseName,
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
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  status: ResourceStatus,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type DatabaseUser = z.infer<typeof DatabaseUser>;
