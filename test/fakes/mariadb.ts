import type { PasswordHash } from '../../contract/databases.ts';
import { FailureError } from '../../contract/failures.ts';
import type { DatabaseId, TenantId } from '../../contract/ids.ts';
import type { DatabaseName } from '../../contract/names.ts';
import { hashFor } from '../../contract/password-hashes.ts';
import type { Mariadb, Shape, StoredAccount } from '../../worker-privileged/executor/system/mariadb.ts';
import type { FakeServer } from './executor-system.ts';

/** A database of the door's register. `rows` is all that it holds; null where there is no schema. */
export type FakeDatabase = {
  readonly name: DatabaseName;
  readonly tenant?: TenantId;
  readonly octets?: number;
  dropped: boolean;
  closed: boolean;
  locked: boolean;
  rows: readonly string[] | null;
  accounts: readonly FakeAccount[];
};

export type FakeAccount = StoredAccount & { readonly dropped: boolean; readonly locked: boolean };

type Tools = {
  readonly server: FakeServer;
  readonly change: <T>(act: () => T) => Promise<T>;
};

/** MariaDB in memory, with what the door's procedures refuse. */
export function fakeMariadb({ server, change }: Tools): Mariadb {
  const of = (id: DatabaseId) => {
    const found = server.databases.get(id);
    if (found === undefined) throw new Error('there is no such database');
    return found;
  };
  const here = (id: DatabaseId) => of(id).accounts.filter(({ dropped }) => !dropped);
  const edit = (id: DatabaseId, each: (account: FakeAccount) => FakeAccount) =>
    (of(id).accounts = of(id).accounts.map(each));
  const ownerOf = ({ tenant = 'default' as TenantId }: FakeDatabase) => tenant;
  const taken = (test: (other: FakeDatabase) => boolean) => {
    if ([...server.databases.values()].some((other) => !other.dropped && test(other)))
      throw new FailureError('name_taken', 'taken', 'choose another');
  };
  return {
    octetsOf: (tenant) =>
      Promise.resolve(
        [...server.databases.values()]
          .filter((one) => !one.dropped && ownerOf(one) === tenant)
          .reduce((sum, { octets = 0 }) => sum + octets, 0),
      ),
    find: (id) => {
      const found = server.databases.get(id);
      if (found === undefined) return Promise.resolve(null);
      const accountsLocked = here(id).filter(({ locked }) => locked).length;
      const accountsOpen = here(id).length - accountsLocked;
      const tenant = ownerOf(found);
      return Promise.resolve({ ...found, tenant, accountsLocked, accountsOpen, schema: found.rows !== null });
    },
    shape: (name) => {
      const found = [...server.databases.values()].find((one) => one.name === name && !one.dropped);
      return Promise.resolve(found?.rows ? shapeOf(found.rows) : null);
    },
    collate: () => change(() => undefined),
    hashOf: (password) => hashFor('mariadb', password),
    accounts: (id) =>
      Promise.resolve(
        here(id).map((one) => ({
          id: one.id,
          name: one.name,
          privileges: one.privileges,
          maxConnections: one.maxConnections,
          passwordHash: one.passwordHash,
        })),
      ),
    grants: (id) => {
      const [database] = [...server.databases.values()].filter(({ accounts }) =>
        accounts.some((one) => one.id === id),
      );
      return Promise.resolve(
        grantsOf(
          database!,
          database!.accounts.find((one) => one.id === id)!,
        ),
      );
    },
    close: (id) =>
      change(() => {
        of(id).closed = true;
        edit(id, (account) => ({ ...account, locked: true }));
      }),
    open: (id) =>
      change(() => {
        of(id).closed = false;
        edit(id, (account) => ({ ...account, locked: of(id).locked }));
      }),
    lockAccounts: (id) =>
      change(() => {
        of(id).locked = true;
        edit(id, (account) => ({ ...account, locked: true }));
      }),
    unlockAccounts: (id) =>
      change(() => {
        of(id).locked = false;
        edit(id, (account) => ({ ...account, locked: of(id).closed }));
      }),
    dump: ({ name }, file) =>
      change(() => {
        const found = [...server.databases.values()].find((one) => one.name === name && !one.dropped);
        server.disk.set(file, { kind: 'file', text: JSON.stringify(found?.rows), mode: 0o600 });
        return { leftOut: [] };
      }),
    remove: (id) =>
      change(() => {
        Object.assign(of(id), { dropped: true, closed: false, rows: null });
        edit(id, (account) => ({ ...account, dropped: true, locked: false, passwordHash: null }));
      }),
    restore: (id) =>
      change(() => {
        taken(({ name }) => name === of(id).name);
        Object.assign(of(id), { dropped: false, closed: true, rows: [] });
      }),
    restoreAccount: (account) =>
      change(() => {
        taken(({ accounts }) => accounts.some(({ name, dropped }) => name === account.name && !dropped));
        const [id] = [...server.databases].find(([, { accounts }]) =>
          accounts.some((one) => one.id === account.id),
        )!;
        edit(id, (one) => (one.id === account.id ? { ...account, dropped: false, locked: true } : one));
      }),
    lend: (id, account, hash) => change(() => void edit(id, loginAs(account, hash, false))),
    takeBack: (id, account, hash) => change(() => void edit(id, loginAs(account, hash, true))),
    findStanding: ({ id, name }) => {
      const open = [...server.databases].filter(([, one]) => !one.dropped && !one.closed);
      const [found] = open.filter(([own, one]) => own === id || one.name === name);
      return Promise.resolve(found === undefined ? null : { id: found[0], name: found[1].name });
    },
    shell: ({ name }) => Promise.resolve(server.doings.push(`shell in ${name}`) > 0),
    playBack: ({ database, account, file }) =>
      change(() => {
        const found = [...server.databases.values()].find((one) => one.name === database && !one.dropped)!;
        const node = server.disk.get(file);
        if (node?.kind !== 'file') throw new Error('there is no dump');
        found.rows = JSON.parse(node.text) as string[];
        server.doings.push(`play back as ${account}`);
      }),
    ofTenant: (tenant, which) =>
      Promise.resolve(
        [...server.databases]
          .filter(([, one]) => ownerOf(one) === tenant && (which === 'ever' || !one.dropped))
          .map(([id]) => id),
      ),
    readTenant: (id) => Promise.resolve(server.doorTenants.get(id) ?? null),
    putTenant: (id, limits) => change(() => void server.doorTenants.set(id, limits)),
    forgetTenant: (id) => change(() => void server.doorTenants.delete(id)),
  };
}

function loginAs(name: string, passwordHash: PasswordHash, locked: boolean) {
  return (account: FakeAccount): FakeAccount =>
    account.name === name ? { ...account, passwordHash, locked } : account;
}

function shapeOf(rows: readonly string[]): Shape {
  const contents = { tables: rows.length, views: 0, routines: 0, triggers: 0, events: 0 };
  return { charset: 'utf8mb4', collation: 'utf8mb4_general_ci', contents };
}

const ALL =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER';

function grantsOf({ name }: FakeDatabase, account: FakeAccount): readonly string[] {
  const user = `\`${account.name}\`@\`localhost\``;
  const login = `IDENTIFIED BY PASSWORD '${account.passwordHash}' WITH MAX_USER_CONNECTIONS ${account.maxConnections ?? 30}`;
  return [
    [account.maxConnections ?? 30, ...(account.maxConnections === null ? [] : [account.maxConnections])].join(
      ' ',
    ),
    `CREATE USER ${user} ${login}${account.locked ? ' ACCOUNT LOCK' : ''}`,
    `GRANT USAGE ON *.* TO ${user} ${login}`,
    `GRANT ${account.privileges === 'all' ? ALL : 'SELECT, SHOW VIEW'} ON \`${name.replaceAll('_', '\\_')}\`.* TO ${user}`,
  ];
}
