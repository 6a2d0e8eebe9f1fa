import type { PasswordHash } from '../../../contract/databases.ts';
import type { DatabaseId, DatabaseUserId } from '../../../contract/ids.ts';
import type { DatabaseName, DatabaseUserName } from '../../../contract/names.ts';
import { createFakeServer, type FakeServer } from '../../fakes/executor-system.ts';
import type { FakeAccount, FakeDatabase } from '../../fakes/mariadb.ts';

export const ID = 'd1b2c3d4e5f6' as DatabaseId;
export const OTHER_ID = 'z1b2c3d4e5f6' as DatabaseId;

export function fakeAccount(change: Partial<FakeAccount> = {}): FakeAccount {
  return {
    id: 'u1b2c3d4e5f6' as DatabaseUserId,
    name: 'shop_user' as DatabaseUserName,
    privileges: 'all',
    maxConnections: null,
    passwordHash: `*${'A1'.repeat(20)}` as PasswordHash,
    dropped: false,
    locked: false,
    ...change,
  };
}

export const READER = fakeAccount({
  id: 'r1b2c3d4e5f6' as DatabaseUserId,
  name: 'shop_reader' as DatabaseUserName,
  privileges: 'read',
  passwordHash: `*${'B2'.repeat(20)}` as PasswordHash,
});

export function fakeDatabase(change: Partial<FakeDatabase> = {}): FakeDatabase {
  return {
    name: 'shop' as DatabaseName,
    dropped: false,
    closed: false,
    locked: false,
    rows: ['one', 'two'],
    accounts: [fakeAccount(), READER],
    ...change,
  };
}

/** A server that has one database with two accounts. */
export function serverWithDatabase(change: Partial<FakeDatabase> = {}): FakeServer {
  const server = createFakeServer();
  server.databases.set(ID, fakeDatabase(change));
  return server;
}
