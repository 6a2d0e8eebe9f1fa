import { z } from 'zod';
import { Notification } from '../../../contract/notifications.ts';
import { TrashItem } from '../../../contract/trash.ts';
import type { Ending } from '../../../state/outcomes.ts';
import { GONE, LIVE, nextAddress, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

const TRASHED: Ending = {
  status: 'succeeded',
  resource: { purgeAfter: new Date('2099-01-01T00:00:00.000Z') },
};
const FAILED: Ending = {
  status: 'failed',
  resource: 'failed',
  failure: { code: 'not_live', message: 'x', hint: 'y' },
};

/** Asks for it and ends it as the worker would. */
async function done(method: string, path: string, { body, ending = LIVE }: Done = {}): Promise<Answer> {
  const answer = await agent.call(method, path, body === undefined ? {} : { body });
  if (answer.status !== 202) throw new Error(answer.text);
  await agent.end(operationId(answer), ending);
  return answer;
}
interface Done {
  readonly body?: object;
  readonly ending?: Ending;
}

async function made(name: string, more: object = {}): Promise<string> {
  return resource(await done('POST', '/v1/domains', { body: { name, ...more } }), 'domain').id;
}

async function told(about: string): Promise<string[]> {
  const { json } = await agent.call('GET', '/v1/notifications?limit=200');
  const all = z.array(Notification).parse(json['items']);
  const those = all.filter(({ resource: { id } }) => id === about);
  return those.map(({ kind, message }) => `${kind}: ${message}`);
}

describe('what destroys is told once', () => {
  test('a site that was removed', async () => {
    const id = await made('gone.example');
    expect(await told(id)).toEqual([]);
    await done('DELETE', `/v1/domains/${id}`, { ending: TRASHED });
    expect(await told(id)).toEqual(['destroyed: The site gone.example was removed.']);
  });

  test.each([
    ['switched off', { enabled: false }, 'was switched off'],
    ['without an alias', { aliases: ['a.NAME', 'c.NAME'] }, 'answers no more as b.NAME'],
    ['of another type', { type: 'static' }, 'is static and was php'],
    ['with another folder', { publicDirectory: 'public/web' }, 'serves public/web and not public'],
    ['for few visitors', { options: { allowedAddresses: ['192.0.2.1'] } }, 'lets in only 192.0.2.1/32'],
    [
      'remembered by browsers',
      { options: { hsts: { maxAgeSeconds: 60 } } },
      'tells browsers to come by HTTPS alone for 60 seconds',
    ],
    [
      'switched off and without aliases',
      { enabled: false, aliases: [] },
      'was switched off, and answers no more as a.NAME b.NAME',
    ],
  ])('a site that is now %s', async (what, change, sentence) => {
    const name = `${what.replace(/[^a-z]/g, '')}.example`;
    const fill = <T>(value: T) => JSON.parse(JSON.stringify(value).replaceAll('NAME', name)) as T;
    const id = await made(name, { aliases: [`a.${name}`, `b.${name}`] });
    await done('PATCH', `/v1/domains/${id}`, { body: fill(change) });
    expect(await told(id)).toEqual([`destroyed: The site ${name} ${fill(sentence)}.`]);
  });

  test('a site that sends its visitors elsewhere', async () => {
    const redirect = { to: 'https://one.example' };
    const id = await made('sent.example', { type: 'redirect', options: { redirect } });
    for (const changed of [{ to: 'https://two.example' }, { to: 'https://two.example', status: 301 }])
      await done('PATCH', `/v1/domains/${id}`, { body: { options: { redirect: changed } } });
    expect(await told(id)).toEqual([
      'destroyed: The site sent.example sends its visitors on in another way.',
      'destroyed: The site sent.example sends its visitors to https://two.example and not to https://one.example.',
    ]);
  });

  test('a database, and a user of one', async () => {
    const database = resource(await done('POST', '/v1/databases', { body: { name: 'shop' } }), 'database').id;
    const user = await done('POST', '/v1/databases/shop/users', { body: { name: 'shopper' } });
    const { id } = resource(user, 'databaseUser');
    await done('DELETE', `/v1/databases/shop/users/${id}`, { ending: GONE });
    await done('DELETE', '/v1/databases/shop', { ending: GONE });
    expect((await told(id))[0]).toBe('destroyed: The database user shopper was removed.');
    expect(await told(database)).toEqual(['destroyed: The database shop was removed.']);
  });
});

test('what lets in is told once: a new user of a database, and a new password', async () => {
  await done('POST', '/v1/databases', { body: { name: 'letin' } });
  const user = await done('POST', '/v1/databases/letin/users', { body: { name: 'visitor' } });
  const { id } = resource(user, 'databaseUser');
  await done('POST', `/v1/databases/letin/users/${id}/rotate-password`);
  expect(await told(id)).toEqual([
    'let_in: The database user visitor has another password.',
    'let_in: The database user visitor was made and can log in.',
  ]);
});

test('what lets visitors in is told once: more addresses, and all', async () => {
  const options = (...allowedAddresses: string[]) => ({ options: { allowedAddresses } });
  const id = await made('door.example', options('192.0.2.1'));
  for (const body of [options('192.0.2.1', '2001:db8::/32'), options()])
    await done('PATCH', `/v1/domains/${id}`, { body });
  expect(await told(id)).toEqual([
    'let_in: The site door.example lets in from every address.',
    'let_in: The site door.example lets in from 2001:db8::/32 too.',
  ]);
});

describe('another program of a site is told once', () => {
  test.each([
    ['queue', 'start', {}],
    ['cron', 'run', { schedule: '@daily' }],
  ] as const)('of a %s, whichever operation brings it', async (type, doing, more) => {
    const types = `${type}s`;
    await made(`${types}.example`);
    const address = `/v1/domains/${types}.example/${types}`;
    const body = { name: 'one', command: ['old'], ...more };
    const { id } = resource(await done('POST', address, { body }), type);
    const sentence = `let_in: The ${type} one runs another program on its site.`;
    await done('POST', `${address}/one/${doing}`);
    expect(await told(id)).toHaveLength(1);
    await done('PATCH', `${address}/one`, { body: { command: ['new'] } });
    expect((await told(id)).filter((line) => line === sentence)).toHaveLength(1);
    // The later one takes the place of this, and brings its program.
    expect((await agent.call('PATCH', `${address}/one`, { body: { command: ['newer'] } })).status).toBe(202);
    const newest = await agent.call('POST', `${address}/one/${doing}`);
    await agent.claim(superseded(id));
    await agent.end(operationId(newest), LIVE);
    expect((await told(id)).filter((line) => line === sentence)).toHaveLength(2);
  });
});

describe('what a newer operation took the place of is told with it', () => {
  /** The first gives way to the second, which ends well. */
  async function bothAtOnce(first: Request, second: Request): Promise<void> {
    const [older, newer] = [await agent.call(...first), await agent.call(...second)];
    expect(await agent.claim(operationId(older))).toBe('ended');
    await agent.end(operationId(newer), LIVE);
  }
  type Request = Parameters<Agent['call']>;

  test('another password of a database user', async () => {
    await done('POST', '/v1/databases', { body: { name: 'atonce' } });
    const address = '/v1/databases/atonce/users';
    const { id } = resource(await done('POST', address, { body: { name: 'guest' } }), 'databaseUser');
    const update = { body: { maxConnections: 3 } };
    const rotate: Request = ['POST', `${address}/guest/rotate-password`];
    await bothAtOnce(rotate, ['PATCH', `${address}/guest`, update]);
    expect((await told(id))[0]).toBe('let_in: The database user guest has another password.');
    await done('PATCH', `${address}/guest`, { body: { maxConnections: 4 } });
    expect(await told(id)).toHaveLength(2);
  });

  test('another password of a cache', async () => {
    await made('atonce.example');
    const address = '/v1/domains/atonce.example/cache';
    const { id } = resource(await done('POST', address, { body: {} }), 'cache');
    const update = { body: { memoryBytes: 2_097_152 } };
    await bothAtOnce(['POST', `${address}/rotate-password`], ['PATCH', address, update]);
    expect((await told(id))[0]).toBe('let_in: The cache of a site has another password.');
    await done('PATCH', address, { body: { memoryBytes: 4_194_304 } });
    await done('DELETE', address, { ending: GONE });
    expect(await told(id)).toEqual([
      'destroyed: The cache of a site was removed.',
      'let_in: The cache of a site has another password.',
      'let_in: A site has a cache, and whoever has its password on the server can use it.',
    ]);
  });

  test('another program of a queue, brought by what changes how many of it run', async () => {
    await made('others.example');
    const address = '/v1/domains/others.example/queues';
    const { id } = resource(
      await done('POST', address, { body: { name: 'one', command: ['old'] } }),
      'queue',
    );
    const change = (body: object): Request => ['PATCH', `${address}/one`, { body }];
    await bothAtOnce(change({ command: ['evil'] }), change({ processes: 2 }));
    await done('POST', `${address}/one/stop`);
    await done('DELETE', `${address}/one`, { ending: GONE });
    expect(await told(id)).toEqual([
      'destroyed: The queue one was removed.',
      'destroyed: The queue one was stopped.',
      'let_in: The queue one runs another program on its site.',
      'let_in: The program of the queue one runs on its site.',
    ]);
  });

  test('the suspension of a tenant, brought by what changes its plan', async () => {
    const { id } = resource(await done('POST', '/v1/tenants', { body: { name: 'At once' } }), 'tenant');
    const suspend: Request = ['POST', `/v1/tenants/${id}/suspend`, { body: { reason: 'unpaid' } }];
    const update = { body: { plan: { domains: 3 } } };
    await bothAtOnce(suspend, ['PATCH', `/v1/tenants/${id}`, update]);
    await done('POST', `/v1/tenants/${id}/resume`);
    expect([...(await told(id))].sort()).toEqual([
      'destroyed: The tenant At once was suspended.',
      'let_in: What the tenant At once may have was changed.',
    ]);
  });
});

test('what a database user may do is told when it becomes more, and when it becomes less', async () => {
  await done('POST', '/v1/databases', { body: { name: 'rights' } });
  const address = '/v1/databases/rights/users';
  const user = await done('POST', address, { body: { name: 'reader', privileges: 'read' } });
  for (const privileges of ['all', 'read'])
    await done('PATCH', `${address}/reader`, { body: { privileges } });
  expect(await told(resource(user, 'databaseUser').id)).toEqual([
    'destroyed: The database user reader may only read.',
    'let_in: The database user reader may change what it could only read.',
    'let_in: The database user reader was made and can log in.',
  ]);
});

/** The operation that waits longest about a resource. */
function superseded(id: string): string {
  const text = `SELECT id FROM sculptor.operation WHERE resource_id = '${id}' AND status = 'queued' ORDER BY seq LIMIT 1`;
  return agent.servers.sql(text)[0]?.[0] ?? '';
}

describe('nothing is told of', () => {
  test('what was made, changed without a loss, or came to nothing', async () => {
    const id = await made('quiet.example', { enabled: false });
    await done('PATCH', `/v1/domains/${id}`, { body: { enabled: true, aliases: ['www.quiet.example'] } });
    await done('PATCH', `/v1/domains/${id}`, { body: { enabled: false }, ending: FAILED });
    expect(await told(id)).toEqual([]);
  });

  test('a site that was removed and never came about', async () => {
    const first = await agent.call('POST', '/v1/domains', { body: { name: 'never.example' } });
    const { id } = resource(first, 'domain');
    const second = await agent.call('DELETE', `/v1/domains/${id}`);
    await agent.claim(operationId(first));
    await agent.end(operationId(second), GONE);
    expect(await told(id)).toEqual([]);
  });
});

test('after a failed change it is what stood before that is compared', async () => {
  const id = await made('twice.example');
  await done('PATCH', `/v1/domains/${id}`, { body: { enabled: false }, ending: FAILED });
  await done('PATCH', `/v1/domains/${id}`, { body: { type: 'static' } });
  expect(await told(id)).toEqual([
    'destroyed: The site twice.example was switched off, and is static and was php.',
  ]);
});

test('the newest come first, page after page, and none of another tenant', async () => {
  const { json } = await agent.call('GET', '/v1/notifications?limit=200');
  const all = z
    .array(Notification)
    .parse(json['items'])
    .map(({ id }) => id);
  expect(all).toEqual([...all].sort((a, b) => b - a));
  const seen: number[] = [];
  let address = '/v1/notifications?limit=2';
  while (address !== '') {
    const page = await agent.call('GET', address);
    seen.push(
      ...z
        .array(Notification)
        .parse(page.json['items'])
        .map(({ id }) => id),
    );
    address = nextAddress('/v1/notifications?limit=2', page);
  }
  expect(seen).toEqual(all);
  makeTenant(agent.servers, 'other0000000');
  const { headers } = makeToken(agent.servers, { tenant: 'other0000000' });
  expect((await agent.call('GET', '/v1/notifications', { headers })).json).toEqual({ items: [], next: null });
});

test('what concerns the server is told to an administrator who acts for nobody, and to no other', async () => {
  agent.servers
    .sql(`INSERT INTO sculptor.notification (kind, resource_type, resource_id, resource_name, server, message)
    VALUES ('updated', 'server', 'default', 'machine.example', 'default', 'Updated: nginx 1 to 2.')`);
  const seen = async (headers: Record<string, string> = {}) => {
    const { json } = await agent.call('GET', '/v1/notifications', { headers });
    return z
      .array(Notification)
      .parse(json['items'])
      .filter(({ kind }) => kind === 'updated');
  };
  expect(await seen()).toMatchObject([{ operation: null, tenant: null, resource: { type: 'server' } }]);
  expect(await seen({ 'sculptor-tenant': 'default' })).toEqual([]);
  expect(await seen(makeToken(agent.servers, { tenant: 'default' }).headers)).toEqual([]);
});

test('the trash lists what was removed and can be brought back, page after page, and not what stands', async () => {
  const ids: string[] = [];
  for (const name of ['one.trash.example', 'two.trash.example', 'three.trash.example']) {
    const id = await made(name);
    await done('DELETE', `/v1/domains/${id}`, { ending: TRASHED });
    ids.push(id);
  }
  await done('POST', `/v1/domains/${ids[2]!}/restore`);
  const seen: TrashItem[] = [];
  let address = '/v1/trash?limit=1';
  while (address !== '') {
    const page = await agent.call('GET', address);
    expect(page.status).toBe(200);
    seen.push(...z.array(TrashItem).parse(page.json['items']));
    address = nextAddress('/v1/trash?limit=1', page);
  }
  const listed = seen.filter(({ name }) => name.endsWith('.trash.example'));
  expect(listed.map(({ id }) => id).sort()).toEqual(ids.slice(0, 2).sort());
  expect(listed[0]).toMatchObject({ type: 'domain', purgeAfter: '2099-01-01T00:00:00.000Z' });
  const { headers } = makeToken(agent.servers, { tenant: 'other0000000' });
  expect((await agent.call('GET', '/v1/trash', { headers })).json).toEqual({ items: [], next: null });
});

test.each([
  '/v1/trash?cursor=x',
  '/v1/notifications?cursor=LTE',
  '/v1/notifications?kind=destroyed',
  '/v1/trash?limit=0',
])('%s is refused', async (address) => {
  expect((await agent.call('GET', address)).status).toBe(422);
});
