import type { DomainId, TenantId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';
import type { Order } from '../../../worker-privileged/executor/system/order-rules.ts';
import { createOrders } from '../../../worker-privileged/executor/system/orders.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';

/* How often an authority is asked, by root's own count. */

const START = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ROOMY = {
  ...{ ordersPerHour: 1000, ordersPerWeek: 1000, tenantOrdersPerHour: 1000, tenantOrdersPerWeek: 1000 },
  ...{ siteOrdersPerHour: 1000, siteOrdersPerWeek: 1000 },
};

function world(limits: Partial<typeof ROOMY> = {}) {
  const server = createFakeServer();
  const text = JSON.stringify({ ...ROOMY, ...limits });
  server.disk.set(paths.limits, { kind: 'file', text, mode: 0o644 });
  const { system } = createFakeSystem(server);
  const orders = createOrders(system);
  const at = (ms: number) => (server.now = new Date(START + ms).toISOString());
  at(0);
  return { server, orders, at };
}

let last = 0;
const order = (more: Partial<Order> = {}): Order => ({
  site: 'a1b2c3d4e5f6' as DomainId,
  tenant: 't1t1t1t1t1t1' as TenantId,
  names: [`n${(last += 1)}.example` as DomainName],
  due: false,
  ...more,
});
const limit = (again: string) => ({
  failure: { code: 'acme_limit', message: expect.stringContaining(`again from ${again} on`) as unknown },
});

async function begin({ orders }: ReturnType<typeof world>, times: number, more: Partial<Order> = {}) {
  for (let count = 0; count < times; count += 1) await orders.begin(order(more));
}

const SITE = { site: 'b1b2c3d4e5f6' as DomainId };
const TENANT = { ...SITE, tenant: 't2t2t2t2t2t2' as TenantId };

const IN_AN_HOUR = { ms: HOUR, again: '2026-03-01 13:00 UTC' };
const IN_A_WEEK = { ms: 7 * DAY, again: '2026-03-08 12:00 UTC' };

test.each<{ name: keyof typeof ROOMY; ms: number; again: string; other: Partial<Order> }>([
  { name: 'siteOrdersPerHour', ...IN_AN_HOUR, other: SITE },
  { name: 'siteOrdersPerWeek', ...IN_A_WEEK, other: SITE },
  { name: 'tenantOrdersPerHour', ...IN_AN_HOUR, other: TENANT },
  { name: 'tenantOrdersPerWeek', ...IN_A_WEEK, other: TENANT },
])('so many are asked for as $name says, for others all the same, and then again', async (row) => {
  const { name, ms, again, other } = row;
  const all = world({ [name]: 2 });
  await begin(all, 1);
  all.at(MINUTE);
  await begin(all, 1);
  await expect(all.orders.begin(order())).rejects.toMatchObject(limit(again));
  await expect(all.orders.requireRoom(order())).rejects.toMatchObject(limit(again));
  await begin(all, 1, other);
  all.at(ms - 1);
  await expect(all.orders.begin(order())).rejects.toMatchObject(limit(again));
  all.at(ms);
  await begin(all, 1);
  await expect(all.orders.begin(order())).rejects.toThrow('certificates');
});

test.each<[keyof typeof ROOMY, string]>([
  ['ordersPerHour', '2026-03-01 13:00 UTC'],
  ['ordersPerWeek', '2026-03-08 12:00 UTC'],
])('the server is bounded by %s, whoever asks', async (name, again) => {
  const all = world({ [name]: 2 });
  await begin(all, 1, SITE);
  await begin(all, 1);
  await expect(all.orders.begin(order(TENANT))).rejects.toMatchObject(limit(again));
});

test('a quarter more is kept for renewals that are due, and no more than that', async () => {
  const all = world({ ordersPerHour: 4 });
  await begin(all, 4);
  await expect(all.orders.begin(order(TENANT))).rejects.toMatchObject({ failure: { code: 'acme_limit' } });
  await begin(all, 1, { due: true });
  await expect(all.orders.begin(order({ due: true }))).rejects.toMatchObject({
    failure: { code: 'acme_limit' },
  });
});

test('the same names are given four in a week, in whatever order, and a fifth where that is due', async () => {
  const all = world();
  const names = ['a.example', 'b.example'] as DomainName[];
  for (const each of [names, names, [...names].reverse(), names])
    await (await all.orders.begin(order({ names: each }))).issued();
  await begin(all, 1, { names: names.slice(1) });
  await expect(all.orders.begin(order({ names }))).rejects.toMatchObject(limit('2026-03-08 12:00 UTC'));
  await begin(all, 1, { names, due: true });
});

test('what was not given counts for the hour, and not as a certificate of the same names', async () => {
  const all = world({ siteOrdersPerHour: 6 });
  const names = ['a.example'] as DomainName[];
  await begin(all, 6, { names });
  await expect(all.orders.begin(order({ names }))).rejects.toMatchObject(limit('2026-03-01 13:00 UTC'));
  all.at(HOUR);
  await begin(all, 1, { names });
});

test('where root allows none there is none, for no renewal either', async () => {
  const all = world({ ordersPerWeek: 0 });
  const none = { failure: { message: expect.stringContaining('none until root says so') as unknown } };
  await expect(all.orders.begin(order({ due: true }))).rejects.toMatchObject(none);
});

test('of two limits the one that lasts longer is told', async () => {
  const all = world({ siteOrdersPerHour: 1, ordersPerWeek: 1 });
  await begin(all, 1);
  await expect(all.orders.begin(order())).rejects.toMatchObject(limit('2026-03-08 12:00 UTC'));
});

test('another executor counts on, and a record that cannot be read gives no room', async () => {
  const all = world({ siteOrdersPerHour: 1 });
  await begin(all, 1);
  expect(all.server.disk.get(paths.orders)).toMatchObject({ kind: 'file', mode: 0o600 });
  const other = createOrders(createFakeSystem(all.server).system);
  await expect(other.begin(order())).rejects.toMatchObject({ failure: { code: 'acme_limit' } });
  all.server.disk.set(paths.orders, { kind: 'file', text: '[{', mode: 0o600 });
  all.at(HOUR);
  await expect(other.begin(order())).rejects.toThrow(SyntaxError);
});

test('what is a week old is forgotten', async () => {
  const all = world();
  await begin(all, 3);
  all.at(7 * DAY);
  await begin(all, 1);
  const node = all.server.disk.get(paths.orders) as { readonly text: string };
  expect(JSON.parse(node.text)).toHaveLength(1);
});
