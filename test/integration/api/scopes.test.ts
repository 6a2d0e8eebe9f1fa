import type { Express } from 'express';
import { createApp } from '../../../api/app.ts';
import type { AppParts } from '../../../api/app.ts';
import { ROUTES } from '../../../api/route-table.ts';
import type { Method, Needed } from '../../../api/route-table.ts';
import { Problem } from '../../../contract/problems.ts';
import { ADMINISTRATORS_ALONE, Scope } from '../../../contract/tokens.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { items, LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer, Call } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';
import type { MadeToken } from './made-tokens.ts';

/* Every route of the app, with every scope, on objects of its own tenant and of another. */

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** As Express itself has them: a route that were registered past the table is here too. */
function routesOf(app: Express): string[] {
  const walk = (layers: readonly Layer[]): string[] =>
    layers.flatMap(({ route, handle }) => {
      if (route === undefined) return walk(handle.stack ?? []);
      const methods = Object.keys(route.methods).filter((method) => method !== '_all');
      return methods.map((method) => `${method} ${route.path}`);
    });
  return walk((app.router as unknown as { stack: readonly Layer[] }).stack);
}

const rows = Object.entries(ROUTES).flatMap(([path, methods]) =>
  (Object.entries(methods) as [Method, Needed][]).map(([method, needed]) => ({ method, path, needed })),
);
const guarded = rows.flatMap(({ needed, ...row }) => (needed === 'public' ? [] : [{ ...row, needed }]));

const QUEUE = { name: 'mails', command: ['php', 'artisan', 'queue:work'] };
const KEY = {
  name: 'anna',
  publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl',
};

const CRON = { name: 'nightly', schedule: '@daily', command: ['true'] };
const RUN = { command: ['true'] };

let agent: Agent;
let objects: Readonly<Record<string, readonly [id: string, name: string]>>;
let before: unknown;
const OTHER = 'othertenant0';
const tokens = new Map<string, MadeToken>();
beforeAll(async () => {
  agent = await startAgent();
  makeTenant(agent.servers, OTHER);
  const made = await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } });
  await agent.end(operationId(made), LIVE);
  const database = await agent.call('POST', '/v1/databases', { body: { name: 'shop' } });
  const user = await agent.call('POST', '/v1/databases/shop/users', { body: { name: 'shop' } });
  const key = await agent.call('POST', '/v1/domains/shop.example/keys', { body: KEY });
  // A site has one cache and one certificate or none: it stands in no address of its own.
  await agent.call('POST', '/v1/domains/shop.example/cache');
  await agent.call('PUT', '/v1/domains/shop.example/certificate', { body: { kind: 'self-signed' } });
  const cron = await agent.call('POST', '/v1/domains/shop.example/crons', { body: CRON });
  const run = await agent.call('POST', '/v1/domains/shop.example/runs', { body: RUN });
  const queue = await agent.call('POST', '/v1/domains/shop.example/queues', { body: QUEUE });
  const token = makeToken(agent.servers);
  const webhook = await agent.call('POST', '/v1/webhooks', {
    body: { url: 'https://panel.example/' },
    headers: token.headers,
  });
  const webhookId = (webhook.json['webhook'] as { readonly id: string }).id;
  const test = await agent.call('POST', `/v1/webhooks/${webhookId}/test`);
  const delivery = String((test.json['delivery'] as { readonly id: number }).id);
  objects = {
    domain: [resource(made, 'domain').id, 'shop.example'],
    database: [resource(database, 'database').id, 'shop'],
    user: [resource(user, 'databaseUser').id, 'shop'],
    key: [resource(key, 'key').id, 'anna'],
    cron: [resource(cron, 'cron').id, 'nightly'],
    run: [resource(run, 'run').id, resource(run, 'run').id],
    queue: [resource(queue, 'queue').id, 'mails'],
    operation: [operationId(made), operationId(made)],
    token: [token.id, token.id],
    tenant: ['default', 'default'],
    webhook: [webhookId, webhookId],
    delivery: [delivery, delivery],
    address: ['198.51.100.7', '2001:db8::7'],
  };
  for (const tenant of ['default', OTHER])
    for (const scopes of new Set([...Scope.options, ...guarded.map(({ needed }) => needed.join())]))
      tokens.set(`${tenant} ${scopes}`, makeToken(agent.servers, { tenant, scopes: scopes.split(',') }));
  before = agent.snapshot();
});
afterAll(() => agent.stop());

/** The address with each parameter's object in it: its id (0) or its name (1). */
function filled(path: string, which: 0 | 1): string {
  return `/v1${path}`.replace(/:([a-z]+)/g, (_, parameter: string) => {
    const object = objects[parameter];
    if (object === undefined) throw new Error(`this test has no object for :${parameter}`);
    return object[which];
  });
}

function call(tenant: string, scopes: readonly Scope[], { method, path, body }: Asked): Promise<Answer> {
  const token = tokens.get(`${tenant} ${scopes.join()}`);
  if (token === undefined) throw new Error(`no token for ${scopes.join()}`);
  const more: Call = { headers: token.headers, ...(body === undefined ? {} : { body }) };
  return agent.call(method.toUpperCase(), path, more);
}

interface Asked {
  readonly method: Method;
  readonly path: string;
  readonly body?: unknown;
}

function kind({ json }: Answer): string {
  expect(json).toHaveProperty('detail');
  return Problem.parse(json).type.replace('urn:sculptor:problem:', '');
}

/** What would be done, were it allowed. */
const BODIES: Readonly<Record<string, unknown>> = {
  'post /domains/:domain/keys': { ...KEY, name: 'ben' },
  'patch /domains/:domain/cache': { memoryBytes: 67_108_864 },
  'post /domains/:domain/crons': { ...CRON, name: 'other' },
  'patch /domains/:domain/crons/:cron': { schedule: '@hourly' },
  'post /domains/:domain/runs': RUN,
  'post /domains/:domain/queues': { ...QUEUE, name: 'other' },
  'patch /domains/:domain/queues/:queue': { processes: 2 },
  'put /domains/:domain/certificate': { kind: 'none' },
  'patch /domains/:domain': { enabled: false },
  'patch /databases/:database': { protected: true },
  'post /databases/:database/users': { name: 'another' },
  'patch /webhooks/:webhook': { description: 'another' },
  'patch /databases/:database/users/:user': { privileges: 'read' },
};

test('every route of the app stands in the table, and nothing else does', () => {
  const parts = {
    logger: createLogger('test', { write: () => undefined }),
    limits: {},
  } as unknown as AppParts;
  const named = rows.map(({ method, path }) => `${method} ${path}`);
  expect(routesOf(createApp(parts)).sort()).toEqual(named.sort());
});

describe.each(guarded)('$method $path', ({ method, path, needed }) => {
  const body = BODIES[`${method} ${path}`];

  test('is forbidden to each scope that is not enough, whosever the object is', async () => {
    for (const scope of Scope.options.filter((one) => needed.length > 1 || one !== needed[0]))
      for (const tenant of ['default', OTHER]) {
        const answer = await call(tenant, [scope], { method, path: filled(path, 0), body });
        expect([scope, tenant, answer.status, kind(answer)]).toEqual([scope, tenant, 403, 'forbidden']);
      }
  });

  // A row that says otherwise is the word of whoever has the API's account.
  if (needed.some((scope) => ADMINISTRATORS_ALONE.has(scope))) {
    test('is forbidden to every token of a tenant, even to one whose row has the scope', async () => {
      for (const tenant of ['default', OTHER]) {
        const answer = await call(tenant, needed, { method, path: filled(path, 0), body });
        expect([tenant, answer.status, kind(answer)]).toEqual([tenant, 403, 'forbidden']);
      }
    });
    return;
  }

  test(`is open to ${needed.join(' and ')}, for the token's own tenant`, async () => {
    if (method === 'get') {
      expect((await call('default', needed, { method, path: filled(path, 0) })).status).toBe(200);
      return;
    }
    // Past the scopes, and no further: nothing here takes a query.
    const answer = await call('default', needed, { method, path: `${filled(path, 0)}?x=1`, body });
    expect(kind(answer)).toBe('invalid-input');
  });

  test("does not know another tenant's object, by its id or by its name", async () => {
    for (const which of [0, 1] as const) {
      const answer = await call(OTHER, needed, { method, path: filled(path, which), body });
      if (path.includes(':')) expect([answer.status, kind(answer)]).toEqual([404, 'not-found']);
      else if (method === 'get') expectNothingOfOthers(answer);
    }
  });
});

test('nothing of all that has changed anything', () => {
  expect(agent.snapshot()).toEqual(before);
});

function expectNothingOfOthers(answer: Answer): void {
  expect(answer.status).toBe(200);
  const made = [...tokens.entries()].filter(([key]) => key.startsWith(OTHER)).map(([, { id }]) => id);
  const own = new Set([OTHER, ...made]);
  const listed = answer.json['items'] === undefined ? [] : items(answer);
  expect(listed.filter(({ id }) => !own.has(id))).toEqual([]);
}
