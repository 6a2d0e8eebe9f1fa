import { PartId } from '../../../contract/ids.ts';
import { QueueSettings, QueueSpec } from '../../../contract/queues.ts';
import {
  adoptAccount,
  adoptGoneAccount,
  type KnownAccount,
} from '../../../worker-privileged/executor/render/adoption/account.ts';
import { adoptDatabase } from '../../../worker-privileged/executor/render/adoption/database.ts';
import { adoptPart } from '../../../worker-privileged/executor/render/adoption/part.ts';
import { adoptSite } from '../../../worker-privileged/executor/render/adoption/site.ts';
import { adoptTenant } from '../../../worker-privileged/executor/render/adoption/tenant.ts';
import type { Adopted } from '../../../worker-privileged/executor/render/adoption/told.ts';
import { PartEntry } from '../../../worker-privileged/executor/system/part-register.ts';
import { Managed, Shape, StoredAccount } from '../../../worker-privileged/executor/system/mariadb.ts';
import { SiteEntry } from '../../../worker-privileged/executor/system/registry.ts';
import { TenantEntry } from '../../../worker-privileged/executor/system/tenants.ts';
import { NO_LIMITS } from '../../../contract/tenants.ts';

/* What a state that was put back is told of what root knows beyond it. */

const HASH = `$6$salt$${'a'.repeat(86)}`;
const site = (change: Readonly<Record<string, unknown>> = {}) =>
  SiteEntry.parse({
    ...{ id: 'dsite0000001', kind: 'site', uid: 66_001, gid: 66_001, user: 's-dsite0000001' },
    ...{ name: 'a.example', tenant: 'default', isolation: 'site', since: '2026-11-01T00:00:00.000Z' },
    ...{ removedAt: null, generation: 3, names: ['a.example', 'www.a.example'], home: true, php: null },
    settings: {
      ...{ type: 'static', publicDirectory: 'public', enabled: true },
      options: { basicAuth: { realm: 'Quiet place', users: [{ name: 'anna', passwordHash: HASH }] } },
    },
    ...change,
  });
const REMOVED = { removedAt: '2026-11-30T10:00:00.000Z' };
const PURGED = { ...REMOVED, purgingAt: '2026-11-30T11:00:00.000Z', purgedAt: '2026-11-30T11:00:00.000Z' };
const live = (last: number) => ({ last, status: 'live' });

const part = (change: Readonly<Record<string, unknown>> = {}) =>
  PartEntry.parse({
    ...{ id: PartId.parse('pkey00000001'), site: 'dsite0000001', name: 'anna', type: 'key', generation: 1 },
    ...{ since: '2026-11-01T00:00:00.000Z', removed: false },
    spec: { publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl' },
    ...change,
  });
const queue = (port: number | null) =>
  part({
    ...{ id: PartId.parse('pqueue000001'), name: 'game', type: 'queue' },
    spec: QueueSpec.parse({
      ...QueueSettings.parse({
        command: ['sleep', '9'],
        memoryMb: null,
        cpuPercent: null,
        publicPort: port === null ? null : { port, protocol: 'tcp' },
      }),
      running: true,
    }),
  });
const tenant = (change: Readonly<Record<string, unknown>> = {}) =>
  TenantEntry.parse({
    ...{
      id: 'ttenant00001',
      kind: 'tenant',
      since: '2026-11-01T00:00:00.000Z',
      generation: 2,
      plan: NO_LIMITS,
    },
    ...{ suspendedAt: null, removedAt: null, purgedAt: null, ...change },
  });
const account = StoredAccount.parse({
  id: 'uuser0000001',
  name: 'reader',
  privileges: 'read',
  passwordHash: null,
});
const database = (dropped = false) => ({
  id: 'bbase0000001',
  there: Managed.parse({
    ...{
      name: 'shop',
      tenant: 'default',
      dropped,
      closed: false,
      locked: false,
      accountsLocked: 0,
      accountsOpen: 1,
    },
    schema: true,
  }),
  shape: Shape.parse({
    ...{ charset: 'utf8mb4', collation: 'utf8mb4_general_ci' },
    contents: { tables: 0, views: 0, routines: 0, triggers: 0, events: 0 },
  }),
  noted: null,
  accounts: [account],
});

/** Into which tables how many rows go, and what is said. */
function told(adopted: Adopted | null) {
  if (adopted === null) return null;
  const rows: Record<string, number> = {};
  for (const [, table = ''] of adopted.statements
    .join('\n')
    .matchAll(/(?:INSERT|REPLACE)(?: IGNORE)? INTO (\w+)/g))
    rows[table] = (rows[table] ?? 0) + 1;
  return { what: adopted.what, rows };
}

const EVERY = { operation: 1, resource_state: 1 };
const SEEN = { drift: 1, drift_kept: 1 };
const ONE_SITE = { ...EVERY, ...SEEN, domain_name: 2 };

test.each([
  [
    'one that the dump does not have',
    adoptSite(site(), undefined, 72),
    {
      what: 'domain a.example (dsite0000001) is on the server and was not in the dump',
      rows: { ...ONE_SITE, domain_version: 3, visitor_hash: 1 },
    },
  ],
  [
    'one that was changed since, with each version between',
    adoptSite(site(), live(1), 72),
    {
      what: 'domain a.example (dsite0000001) is on the server in version 3, and in the dump in version 1',
      rows: { ...ONE_SITE, domain_version: 2, visitor_hash: 1 },
    },
  ],
  ['one as it is in the dump', adoptSite(site(), live(3), 72), null],
  ['one that the dump is beyond: what waits there is done again', adoptSite(site(), live(4), 72), null],
  [
    'one that lies in the trash since',
    adoptSite(site(REMOVED), live(3), 72),
    {
      what: 'domain a.example (dsite0000001) was removed since the dump',
      rows: { ...ONE_SITE, domain_version: 1 },
    },
  ],
  ['one that lay there then', adoptSite(site(REMOVED), { last: 4, status: 'trashed' }, 72), null],
  [
    'one that was restored since',
    adoptSite(site({ generation: 5 }), { last: 4, status: 'trashed' }, 72),
    {
      what: 'domain a.example (dsite0000001) is on the server in version 5, and in the dump in version 4',
      rows: { ...ONE_SITE, domain_version: 1, visitor_hash: 1 },
    },
  ],
  [
    'one that was purged since',
    adoptSite(site(PURGED), live(3), 72),
    {
      what: 'domain a.example (dsite0000001) was removed since the dump',
      rows: { ...EVERY, ...SEEN, domain_version: 1 },
    },
  ],
  ['one that came and went since', adoptSite(site(PURGED), undefined, 72), null],
  ['one that never stood', adoptSite(site({ settings: null }), undefined, 72), null],
  [
    'one with more versions than anybody asks for',
    adoptSite(site({ generation: 2_000_000_000 }), live(3), 72),
    {
      what: 'domain a.example (dsite0000001) has too many versions to be taken over: look at it by hand',
      rows: {},
    },
  ],
])('of a site: %s', (_what, adopted, expected) => expect(told(adopted)).toEqual(expected));

test.each([
  [
    'a new key',
    adoptPart(part(), undefined, 'default'),
    { ...EVERY, site_part_version: 1, site_part_name: 1 },
  ],
  ['a known key', adoptPart(part(), live(1), 'default'), undefined],
  [
    'a key that was taken away',
    adoptPart(part({ removed: true }), live(1), 'default'),
    { ...EVERY, site_part_version: 1 },
  ],
  ['a key that came and went', adoptPart(part({ removed: true }), undefined, 'default'), undefined],
  [
    'a new queue with a public port',
    adoptPart(queue(25565), undefined, 'default'),
    { ...EVERY, site_part_version: 1, site_part_name: 1, public_port: 1 },
  ],
  [
    'a new queue without one',
    adoptPart(queue(null), undefined, 'default'),
    { ...EVERY, site_part_version: 1, site_part_name: 1 },
  ],
  [
    'a new tenant',
    adoptTenant(tenant(), { known: undefined, named: 'ttenant00001' }, 72),
    { ...EVERY, ...SEEN, tenant: 1, tenant_version: 2 },
  ],
  ['a known tenant', adoptTenant(tenant(), { known: live(2), named: 'shop' }, 72), undefined],
  [
    'a tenant that was removed',
    adoptTenant(tenant(REMOVED), { known: live(2), named: 'shop' }, 72),
    { ...EVERY, ...SEEN, tenant: 1, tenant_version: 1 },
  ],
  [
    'a new database',
    adoptDatabase(database(), undefined, 72),
    { ...EVERY, ...SEEN, database_version: 1, database_name: 1 },
  ],
  ['a known database', adoptDatabase(database(), live(1), 72), undefined],
  [
    'a database that was dropped',
    adoptDatabase(database(true), live(1), 72),
    { ...EVERY, ...SEEN, database_version: 1 },
  ],
  ['a database whose removal waits', adoptDatabase(database(), { last: 2, status: 'failed' }, 72), undefined],
  [
    'a new account',
    adoptAccount(account, database(), undefined),
    { ...EVERY, database_user_version: 1, database_user_name: 1 },
  ],
])('of the others: %s', (_what, adopted, rows) => expect(told(adopted)?.rows).toEqual(rows));

const [FORMER, ROTATED] = [`*${'A'.repeat(40)}`, `*${'B'.repeat(40)}`];
const asked = (passwordHash: string | null, privileges = 'read') => ({
  ...{ privileges, maxConnections: null, passwordHash },
});
const knownAccount = (change: Partial<KnownAccount> = {}): KnownAccount => ({
  ...{ id: 'uuser0000001', name: 'reader', database: 'bbase0000001', tenant: 'default', ...live(1) },
  ...{ asked: asked(FORMER), stands: asked(FORMER), ...change },
});
const onServer = (passwordHash: string | null, privileges = 'read') =>
  StoredAccount.parse({ ...account, privileges, passwordHash });
const ONE_ACCOUNT = { ...EVERY, database_user_version: 1, database_user_name: 1 };

test.each([
  ['as it stands', onServer(FORMER), knownAccount(), undefined],
  ['with another password since', onServer(ROTATED), knownAccount(), ONE_ACCOUNT],
  ['with other rights since', onServer(FORMER, 'all'), knownAccount(), ONE_ACCOUNT],
  ['with a password that is none of ours', onServer(null), knownAccount(), undefined],
  [
    'whose new password the dump has, and the server not yet',
    onServer(FORMER),
    knownAccount({ last: 2, asked: asked(ROTATED) }),
    undefined,
  ],
  [
    'whose new password both have',
    onServer(ROTATED),
    knownAccount({ last: 2, asked: asked(ROTATED) }),
    undefined,
  ],
  [
    'that the dump has not seen made, with another password since',
    onServer(ROTATED),
    knownAccount({ status: null, stands: null }),
    ONE_ACCOUNT,
  ],
])('of an account that the dump knows: %s', (...[, there, known, rows]) =>
  expect(told(adoptAccount(there, database(), known))?.rows).toEqual(rows),
);

test('of an account with another password the server’s is told, in the next version, and nothing as it was', () => {
  const { what, statements } = adoptAccount(onServer(ROTATED), database(), knownAccount()) ?? {
    ...{ what: '', statements: [] },
  };
  expect(what).toBe(
    'databaseUser reader (uuser0000001) is on the server in version 2, and in the dump in version 1',
  );
  const hex = (text: string) => Buffer.from(text).toString('hex');
  expect(statements.join()).toContain(hex(ROTATED));
  expect(statements.join()).not.toContain(hex(FORMER));
  expect(statements.join()).toContain(hex('databaseUser.rotate'));
});

test.each([
  ['that the door has not any more', knownAccount(), false, { ...EVERY, database_user_version: 1 }],
  ['that the door has', knownAccount(), true, undefined],
  ['that is not made yet', knownAccount({ status: null }), false, undefined],
  ['that was removed before the dump', knownAccount({ status: 'deleted' }), false, undefined],
])('of an account %s', (...[, known, isThere, rows]) => {
  const adopted = adoptGoneAccount(known, isThere);
  expect(told(adopted)?.rows).toEqual(rows);
  // Its password comes to nothing.
  expect(adopted?.statements.join() ?? '').not.toContain('password_hash');
});

test('a number is taken from whoever else the state has it of, and is free when its program or its site is gone', () => {
  const [id, other] = ['pqueue000001', 25565];
  const part_id = `_utf8mb4 X'${Buffer.from(id).toString('hex')}'`;
  expect(adoptPart(queue(other), undefined, 'default')?.statements).toContain(
    `DELETE FROM public_port WHERE part_id = ${part_id} OR (server = 'default' AND port = ${other})`,
  );
  const freed = (adopted: Adopted | null) =>
    adopted?.statements.filter((each) => each.startsWith('DELETE')).map((each) => each.split(' ')[2]);
  expect(freed(adoptPart(part({ removed: true }), live(1), 'default'))).toEqual([
    'site_part_name',
    'public_port',
  ]);
  expect(freed(adoptSite(site(PURGED), live(3), 72))).toEqual([
    'domain_name',
    'site_part_name',
    'public_port',
  ]);
});

test('no text of a tenant stands in a statement as it is, and no hash where the options are', () => {
  const { statements } = adoptSite(site(), undefined, 72) ?? { statements: [] };
  const all = statements.join('\n');
  for (const text of ['a.example', 'Quiet place', 'anna', HASH]) expect(all).not.toContain(text);
  const versions = statements.filter((each) => each.startsWith('INSERT INTO domain_version')).join();
  expect(versions).not.toContain(Buffer.from(HASH).toString('hex'));
});
