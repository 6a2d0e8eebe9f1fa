import { Domain } from '../../../contract/domains.ts';
import { Operation } from '../../../contract/operations.ts';
import { DEFAULT_OPTIONS } from '../../../contract/site-options.ts';
import { Problem } from '../../../contract/problems.ts';
import { putServerFact } from '../../../state/server-facts.ts';
import { openState } from '../../../state/connection.ts';
import { makeTenant } from './made-tokens.ts';
import { GONE, items, LIVE, nextAddress, operationId, resource, SERVER, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

async function create(name: string, more: object = {}): Promise<Answer> {
  const answer = await agent.call('POST', '/v1/domains', { body: { name, ...more } });
  expect([answer.text, answer.status]).toEqual([answer.text, 202]);
  return answer;
}

async function live(name: string, more: object = {}): Promise<string> {
  const answer = await create(name, more);
  await agent.end(operationId(answer), LIVE);
  return resource(answer, 'domain').id;
}

async function read(address: string): Promise<Domain> {
  return Domain.parse((await agent.call('GET', `/v1/domains/${address}`)).json);
}

function problem(answer: Answer): Problem {
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  return Problem.parse(answer.json);
}

function fields(answer: Answer): (string | undefined)[] {
  return (problem(answer).errors ?? []).map(({ field }) => field);
}

test("what a site's PHP may take changes number by number, and what is no such number changes nothing", async () => {
  const id = await live('limits.example', { phpLimits: { seconds: 60 } });
  const unnamed = { memoryBytes: null, uploadBytes: null, processes: null };
  expect((await read(id)).phpLimits).toEqual({ ...unnamed, seconds: 60 });
  const more = await agent.call('PATCH', `/v1/domains/${id}`, {
    body: { phpLimits: { memoryBytes: 268_435_456 } },
  });
  await agent.end(operationId(more), LIVE);
  const wanted = { ...unnamed, memoryBytes: 268_435_456, seconds: 60 };
  expect((await read(id)).phpLimits).toEqual(wanted);
  for (const [limits, field] of [
    [{ seconds: 0 }, 'phpLimits.seconds'],
    [{ memoryBytes: '128M' }, 'phpLimits.memoryBytes'],
    [{ uploadBytes: 1.5 }, 'phpLimits.uploadBytes'],
    [{ processes: 5, children: 5 }, 'phpLimits.children'],
  ] as const) {
    const refused = await agent.call('PATCH', `/v1/domains/${id}`, { body: { phpLimits: limits } });
    expect([refused.status, fields(refused)]).toEqual([422, [field]]);
  }
  expect((await read(id)).phpLimits).toEqual(wanted);
});

test('a domain that was asked for is answered with itself, its operation and where to watch it', async () => {
  const answer = await create('Shop.Example', { aliases: ['www.shop.example', 'MÜLLER.example'] });
  const operation = Operation.parse(answer.json['operation']);
  const domain = Domain.parse(answer.json['domain']);
  expect(answer.headers['location']).toBe(`/v1/operations/${operation.id}`);
  expect(operation).toMatchObject({
    kind: 'domain.create',
    status: 'queued',
    resource: { type: 'domain', id: domain.id, name: 'shop.example' },
    steps: [],
    error: null,
  });
  expect(domain).toMatchObject({
    name: 'shop.example',
    aliases: ['www.shop.example', 'xn--mller-kva.example'],
    type: 'php',
    phpVersion: '8.4',
    publicDirectory: 'public',
    options: DEFAULT_OPTIONS,
    phpLimits: { memoryBytes: null, seconds: null, uploadBytes: null, processes: null },
    isolation: 'site',
    enabled: true,
    tenant: 'default',
    server: 'default',
    generation: 1,
    status: 'pending',
  });
  expect(await read(domain.id)).toEqual(domain);
  expect(await read('shop.example')).toEqual(domain);
  expect(await read('SHOP.example')).toEqual(domain);
});

test('it is live once its operation has succeeded, pending while a change is under way, failed when that failed', async () => {
  const id = await live('states.example');
  expect((await read(id)).status).toBe('live');
  const change = await agent.call('PATCH', `/v1/domains/${id}`, { body: { enabled: false } });
  expect(change.json).toMatchObject({
    operation: { kind: 'domain.update', generation: 2 },
    domain: { enabled: false, generation: 2, status: 'pending' },
  });
  const failure = { code: 'not_live' as const, message: 'It did not answer.', hint: 'Look at it.' };
  await agent.end(operationId(change), { status: 'failed', resource: 'failed', failure });
  expect(await read(id)).toMatchObject({ status: 'failed', enabled: false });
  const operation = await agent.call('GET', `/v1/operations/${operationId(change)}`);
  expect(operation.json).toMatchObject({ status: 'failed', error: failure });
});

test('a change leaves what it does not name as it is, and is addressed by name as well', async () => {
  await live('change.example', { aliases: ['a.change.example'], publicDirectory: 'public/web' });
  const body = { aliases: ['z.change.example', 'b.change.example'], phpVersion: '8.2' };
  const answer = await agent.call('PATCH', '/v1/domains/change.example', { body });
  expect(answer.json['domain']).toMatchObject({
    aliases: ['b.change.example', 'z.change.example'],
    phpVersion: '8.2',
    publicDirectory: 'public/web',
    type: 'php',
    enabled: true,
  });
});

test('of the options, too, a change leaves what it does not name as it is', async () => {
  await live('options.example', { options: { bodyBytes: 4096, index: ['home.html'] } });
  const body = { options: { index: [], allowedAddresses: ['192.0.2.1'] } };
  const answer = await agent.call('PATCH', '/v1/domains/options.example', { body });
  const options = { ...DEFAULT_OPTIONS, bodyBytes: 4096, allowedAddresses: ['192.0.2.1/32'] };
  expect(answer.json['domain']).toMatchObject({ options });
  expect(await read('options.example')).toMatchObject({ options });
});

const HASH = `$6$salt$${'a'.repeat(86)}`;
const OTHER_HASH = `$6$salt$${'b'.repeat(86)}`;
const kept = () =>
  agent.servers.sql(
    'SELECT generation, name, password_hash FROM sculptor.visitor_hash ORDER BY generation, name',
  );

test('a password’s hash is shown by no answer, and stays where what was read is sent back', async () => {
  const user = (name: string, passwordHash?: string) => ({ name, ...(passwordHash && { passwordHash }) });
  const id = await live('visitors.example', {
    options: { basicAuth: { realm: 'Members', users: [user('anna', HASH), user('bert', OTHER_HASH)] } },
  });
  const shown = { realm: 'Members', users: [user('anna'), user('bert')] };
  expect((await read(id)).options.basicAuth).toEqual(shown);
  const same = await agent.call('PATCH', `/v1/domains/${id}`, { body: { options: { basicAuth: shown } } });
  const changed = await agent.call('PATCH', `/v1/domains/${id}`, {
    body: { options: { basicAuth: { users: [user('bert', HASH), user('anna')] } } },
  });
  const other = await agent.call('PATCH', `/v1/domains/${id}`, { body: { options: { bodyBytes: 4096 } } });
  for (const answer of [same, changed, other]) {
    expect(answer.status).toBe(202);
    expect(answer.text).not.toContain('$6$');
  }
  const [[options = ''] = []] = agent.servers.sql(
    `SELECT options FROM sculptor.domain_version WHERE domain_id = '${id}' AND generation = 4`,
  );
  expect((JSON.parse(options) as { basicAuth: unknown }).basicAuth).toEqual({
    realm: 'Restricted',
    users: [
      { name: 'bert', since: 3 },
      { name: 'anna', since: 1 },
    ],
  });
  expect(kept()).toEqual([
    ['1', 'anna', HASH],
    ['1', 'bert', OTHER_HASH],
    ['3', 'bert', HASH],
  ]);
});

test.each([
  [
    'a visitor who has none',
    { basicAuth: { users: [{ name: 'anna' }] } },
    'options.basicAuth.users.0.passwordHash',
  ],
  [
    'a hash that takes nginx long',
    { basicAuth: { users: [{ name: 'anna', passwordHash: `$2y$12$${'c'.repeat(53)}` }] } },
    'options.basicAuth.users.0.passwordHash',
  ],
  ['a www that the domain does not hold', { www: 'toWww' }, 'options.www'],
  ['a page that is PHP', { errorPages: { 404: '/404.php' } }, 'options.errorPages.404'],
  [
    'a preload that no list takes',
    { hsts: { maxAgeSeconds: 60, includeSubdomains: true, preload: true } },
    'options.hsts.preload',
  ],
])('of %s the answer names the field, and nothing is changed', async (what, options, field) => {
  const name = `${what.replaceAll(' ', '-').toLowerCase()}.example`;
  const before = agent.snapshot();
  const created = await agent.call('POST', '/v1/domains', { body: { name, options } });
  expect([created.status, fields(created)]).toEqual([422, [field]]);
  expect(agent.snapshot()).toEqual(before);
  const id = await live(name);
  const changed = await agent.call('PATCH', `/v1/domains/${id}`, { body: { options } });
  expect([changed.status, fields(changed)]).toEqual([422, [field]]);
});

test('the alias that visitors are sent to cannot be taken away while they are', async () => {
  const id = await live('both.example', { aliases: ['www.both.example'], options: { www: 'fromWww' } });
  const refused = await agent.call('PATCH', `/v1/domains/${id}`, { body: { aliases: [] } });
  expect([refused.status, fields(refused)]).toEqual([422, ['options.www']]);
  const both = { aliases: [], options: { www: 'asIs' } };
  expect((await agent.call('PATCH', `/v1/domains/${id}`, { body: both })).status).toBe(202);
});

test.each([
  ['name', { name: 'other.example' }],
  ['isolation', { isolation: 'pool' }],
])('the %s of a domain cannot be changed, and the answer says what to do instead', async (field, body) => {
  const id = await live(`lasting-${field}.example`);
  const before = agent.snapshot();
  const answer = await agent.call('PATCH', `/v1/domains/${id}`, { body });
  expect([answer.status, fields(answer)]).toEqual([422, [field]]);
  expect(problem(answer).errors?.[0]?.expected).toMatch(/create (a|another) domain/);
  expect(agent.snapshot()).toEqual(before);
});

test('a static site has no PHP version; one that becomes php again gets the newest', async () => {
  const id = await live('plain.example', { type: 'static' });
  expect((await read(id)).phpVersion).toBeNull();
  const refused = await agent.call('PATCH', `/v1/domains/${id}`, { body: { phpVersion: '8.2' } });
  expect([refused.status, fields(refused)]).toEqual([422, ['phpVersion']]);
  const php = await agent.call('PATCH', `/v1/domains/${id}`, { body: { type: 'php' } });
  expect(resource(php, 'domain')['phpVersion']).toBe('8.4');
  const plain = await agent.call('PATCH', `/v1/domains/${id}`, { body: { type: 'static' } });
  expect(resource(plain, 'domain')['phpVersion']).toBeNull();
});

test('a PHP version that is not installed is refused with those that are', async () => {
  const before = agent.snapshot();
  const answer = await agent.call('POST', '/v1/domains', {
    body: { name: 'old.example', phpVersion: '5.6' },
  });
  expect([answer.status, problem(answer).errors]).toEqual([
    422,
    [
      {
        field: 'phpVersion',
        message: 'This PHP version is not installed on the server.',
        expected: 'one of 8.2, 8.4',
      },
    ],
  ]);
  expect(agent.snapshot()).toEqual(before);
});

test('until the worker has said what is installed, a PHP site cannot be asked for and a static one can', async () => {
  agent.servers.sql("DELETE FROM sculptor.server_fact WHERE name = 'php'");
  const answer = await agent.call('POST', '/v1/domains', { body: { name: 'early.example' } });
  expect([answer.status, answer.headers['retry-after'], problem(answer).type]).toEqual([
    503,
    '5',
    'urn:sculptor:problem:unavailable',
  ]);
  await create('early-static.example', { type: 'static' });
  const worker = openState(agent.servers.state('sculptor'));
  await putServerFact(worker, SERVER, { name: 'php', value: { versions: ['8.2', '8.4'], default: '8.4' } });
  await worker.close();
});

test('a name is held by one domain, as its name or as an alias', async () => {
  await create('held.example', { aliases: ['alias.held.example'] });
  const before = agent.snapshot();
  const rows: [object, string][] = [
    [{ name: 'held.example' }, 'name'],
    [{ name: 'HELD.example' }, 'name'],
    [{ name: 'alias.held.example' }, 'name'],
    [{ name: 'free.example', aliases: ['zz.example', 'held.example'] }, 'aliases.1'],
    [{ name: 'free.example', aliases: ['alias.held.example'] }, 'aliases.0'],
  ];
  for (const [body, field] of rows) {
    const answer = await agent.call('POST', '/v1/domains', { body });
    expect([body, answer.status, fields(answer)]).toEqual([body, 409, [field]]);
    expect(problem(answer).type).toBe('urn:sculptor:problem:name-taken');
  }
  expect(agent.snapshot()).toEqual(before);
});

test('of two who ask for one name at once, one gets it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => agent.call('POST', '/v1/domains', { body: { name: 'race.example' } })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(7).fill(409)]);
  expect(
    agent.servers.sql("SELECT COUNT(*) FROM sculptor.domain_version WHERE name = 'race.example'"),
  ).toEqual([['1']]);
});

test('changes made at once become generations one after the other, and none is lost', async () => {
  const id = await live('busy.example');
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      agent.call('PATCH', `/v1/domains/${id}`, { body: { publicDirectory: `public/v${index}` } }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(202));
  const generations = agent.servers.sql(
    `SELECT generation FROM sculptor.operation WHERE resource_id = '${id}' ORDER BY seq`,
  );
  expect(generations.flat()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
});

test('an alias that is dropped stays held until the worker frees it, and may be taken back', async () => {
  const id = await live('drop.example', { aliases: ['a.drop.example'] });
  await agent.call('PATCH', `/v1/domains/${id}`, { body: { aliases: [] } });
  const other = { name: 'other-drop.example', aliases: ['a.drop.example'] };
  expect((await agent.call('POST', '/v1/domains', { body: other })).status).toBe(409);
  const back = await agent.call('PATCH', `/v1/domains/${id}`, { body: { aliases: ['a.drop.example'] } });
  expect(back.status).toBe(202);
});

test('a domain that is deleted is deleting, then gone; its name is free again only then', async () => {
  const id = await live('gone.example');
  const answer = await agent.call('DELETE', `/v1/domains/${id}`);
  expect(answer.status).toBe(202);
  expect(answer.json).toMatchObject({
    operation: { kind: 'domain.delete', generation: 2 },
    domain: { id, status: 'deleting' },
  });
  const again = await agent.call('DELETE', `/v1/domains/${id}`);
  expect([again.status, problem(again).type]).toEqual([409, 'urn:sculptor:problem:conflict']);
  const changed = await agent.call('PATCH', `/v1/domains/${id}`, { body: { enabled: false } });
  expect([changed.status, problem(changed).type]).toEqual([409, 'urn:sculptor:problem:conflict']);
  const early = await agent.call('POST', '/v1/domains', { body: { name: 'gone.example' } });
  expect([early.status, problem(early).errors?.[0]?.expected]).toEqual([
    409,
    expect.stringContaining('once that operation has succeeded'),
  ]);
  await agent.end(operationId(answer), GONE);
  expect((await agent.call('GET', `/v1/domains/${id}`)).status).toBe(404);
  expect((await agent.call('GET', '/v1/domains/gone.example')).status).toBe(404);
  expect((await agent.call('DELETE', `/v1/domains/${id}`)).status).toBe(404);
  const anew = await create('gone.example');
  expect(resource(anew, 'domain').id).not.toBe(id);
});

test('a removal that failed may be asked for again', async () => {
  const id = await live('stuck.example');
  const first = await agent.call('DELETE', `/v1/domains/${id}`);
  const failure = { code: 'internal' as const, message: 'No.', hint: 'Again.' };
  await agent.end(operationId(first), { status: 'failed', resource: 'failed', failure });
  expect((await read(id)).status).toBe('failed');
  const second = await agent.call('DELETE', `/v1/domains/${id}`);
  expect([second.status, Operation.parse(second.json['operation']).generation]).toEqual([202, 3]);
});

test('a change that was taken back is not what is asked for', async () => {
  const id = await live('taken-back.example');
  const change = await agent.call('PATCH', `/v1/domains/${id}`, { body: { enabled: false } });
  const operation = operationId(change);
  expect((await agent.call('POST', `/v1/operations/${operation}/cancel`)).status).toBe(202);
  expect(await agent.claim(operation)).toBe('ended');
  expect(await read(id)).toMatchObject({ enabled: true, generation: 1, status: 'live' });
  const next = await agent.call('PATCH', `/v1/domains/${id}`, { body: { phpVersion: '8.2' } });
  expect(next.json['domain']).toMatchObject({ enabled: true, phpVersion: '8.2', generation: 3 });
});

test('a first wish that was taken back leaves no domain, and its name is free', async () => {
  const wish = await create('never.example');
  await agent.call('POST', `/v1/operations/${operationId(wish)}/cancel`);
  expect(await agent.claim(operationId(wish))).toBe('ended');
  expect((await agent.call('GET', `/v1/domains/${resource(wish, 'domain').id}`)).status).toBe(404);
  await create('never.example');
});

test('names above and below those of another tenant are refused, at the field they stand in', async () => {
  makeTenant(agent.servers, 'othertenant0');
  agent.servers.sql(
    `INSERT INTO sculptor.domain_name VALUES ('theirs.example', 'aaaaaaaaaaaa', 'othertenant0')`,
  );
  const before = agent.snapshot();
  const rows: [object, string][] = [
    [{ name: 'theirs.example' }, 'name'],
    [{ name: 'www.theirs.example' }, 'name'],
    [{ name: 'a.b.theirs.example' }, 'name'],
    [{ name: 'mine.example', aliases: ['www.theirs.example'] }, 'aliases.0'],
  ];
  for (const [body, field] of rows) {
    const answer = await agent.call('POST', '/v1/domains', { body });
    expect([body, answer.status, fields(answer)]).toEqual([body, 409, [field]]);
  }
  agent.servers.sql(
    `INSERT INTO sculptor.domain_name VALUES ('deep.over.example', 'aaaaaaaaaaaa', 'othertenant0')`,
  );
  const above = await agent.call('POST', '/v1/domains', { body: { name: 'over.example' } });
  expect([above.status, fields(above)]).toEqual([409, ['name']]);
  agent.servers.sql("DELETE FROM sculptor.domain_name WHERE name = 'deep.over.example'");
  expect(agent.snapshot()).toEqual(before);
  await create('nottheirs.example');
});

test('the domains are listed by name, page after page, each once', async () => {
  for (const name of ['l1', 'l2', 'l3']) await create(`${name}.list.example`);
  const all = await agent.call('GET', '/v1/domains?limit=200');
  expect(all.json['next']).toBeNull();
  const names = items(all).map(({ name }) => name);
  expect(names).toEqual([...new Set(names)].sort());
  const paged: unknown[] = [];
  for (let address = '/v1/domains?limit=2'; address !== '';) {
    const page = await agent.call('GET', address);
    paged.push(...items(page).map(({ name }) => name));
    address = nextAddress('/v1/domains?limit=2', page);
  }
  expect(paged).toEqual(names);
  const one = await agent.call('GET', '/v1/domains?name=l2.list.example');
  expect(items(one).map(({ name }) => name)).toEqual(['l2.list.example']);
});
