import { createHash } from 'node:crypto';
import { Database, DatabaseUser } from '../../../contract/databases.ts';
import { Problem } from '../../../contract/problems.ts';
import { GONE, items, LIVE, nextAddress, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

async function accepted(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await agent.call(method, path, body === undefined ? {} : { body });
  expect([answer.text, answer.status]).toEqual([answer.text, 202]);
  return answer;
}

async function refused(method: string, path: string, body?: object): Promise<[number, string, string[]]> {
  const answer = await agent.call(method, path, body === undefined ? {} : { body });
  const { status, type, errors = [] } = Problem.parse(answer.json);
  return [status, type.replace('urn:sculptor:problem:', ''), errors.map(({ field }) => field)];
}

async function live(name: string): Promise<string> {
  const answer = await accepted('POST', '/v1/databases', { name });
  await agent.end(operationId(answer), LIVE);
  return resource(answer, 'database').id;
}

test('a database is asked for, read by id and by name, listed, deleted and gone', async () => {
  const answer = await accepted('POST', '/v1/databases', { name: 'shop' });
  const database = Database.parse(answer.json['database']);
  expect(database).toMatchObject({ name: 'shop', status: 'pending', generation: 1, tenant: 'default' });
  expect(answer.json['operation']).toMatchObject({
    kind: 'database.create',
    resource: { type: 'database', id: database.id, name: 'shop' },
  });
  await agent.end(operationId(answer), LIVE);
  for (const address of [database.id, 'shop'])
    expect((await agent.call('GET', `/v1/databases/${address}`)).json).toEqual({
      ...database,
      status: 'live',
    });
  expect(items(await agent.call('GET', '/v1/databases?name=shop')).map(({ id }) => id)).toEqual([
    database.id,
  ]);
  const removal = await accepted('DELETE', '/v1/databases/shop');
  expect(removal.json).toMatchObject({
    database: { status: 'deleting' },
    operation: { kind: 'database.delete' },
  });
  expect(await refused('DELETE', `/v1/databases/${database.id}`)).toEqual([409, 'conflict', []]);
  expect(await refused('POST', '/v1/databases', { name: 'shop' })).toEqual([409, 'name-taken', ['name']]);
  await agent.end(operationId(removal), GONE);
  expect(await refused('GET', `/v1/databases/${database.id}`)).toEqual([404, 'not-found', []]);
  const anew = await accepted('POST', '/v1/databases', { name: 'shop' });
  expect(resource(anew, 'database').id).not.toBe(database.id);
});

test('of two who ask for one name at once, one gets it', async () => {
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => agent.call('POST', '/v1/databases', { body: { name: 'race' } })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
});

test('the password of a user is shown once, and only its hash is written', async () => {
  const database = await live('secrets');
  const answer = await accepted('POST', `/v1/databases/${database}/users`, { name: 'keeper' });
  const user = DatabaseUser.parse(answer.json['databaseUser']);
  expect(user).toMatchObject({ name: 'keeper', privileges: 'all', database, status: 'pending' });
  const password = String(answer.json['password']);
  expect(password).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const sha1 = (input: string | Buffer): Buffer => createHash('sha1').update(input).digest();
  const hash = `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
  const stored = agent.servers.sql('SELECT password_hash FROM sculptor.database_user_version');
  expect(stored).toContainEqual([hash]);
  expect(JSON.stringify(agent.snapshot())).not.toContain(password);
  expect(JSON.stringify(agent.servers.sql('SELECT * FROM sculptor.audit'))).not.toContain(password);
  expect(agent.log()).not.toContain(password);
  expect(agent.log()).not.toContain(hash);
});

test('MariaDB takes the hash for that password', async () => {
  const database = await live('logins');
  const answer = await accepted('POST', `/v1/databases/${database}/users`, { name: 'visitor' });
  const [row] = agent.servers.sql(
    "SELECT password_hash FROM sculptor.database_user_version WHERE name = 'visitor'",
  );
  const [checked] = agent.servers.sql(
    `SELECT PASSWORD('${String(answer.json['password'])}') = '${row?.[0] ?? ''}'`,
  );
  expect(checked).toEqual(['1']);
});

test('users are read, listed, rotated and deleted, by id and by name', async () => {
  const database = await live('people');
  const users = `/v1/databases/${database}/users`;
  const created = await accepted('POST', users, { name: 'anna', privileges: 'read' });
  const { id } = resource(created, 'databaseUser');
  await agent.end(operationId(created), LIVE);
  await accepted('POST', '/v1/databases/people/users', { name: 'zoe' });
  for (const address of [id, 'anna'])
    expect((await agent.call('GET', `${users}/${address}`)).json).toMatchObject({
      id,
      status: 'live',
      privileges: 'read',
    });
  const first = await agent.call('GET', `${users}?limit=1`);
  const second = await agent.call('GET', nextAddress(`${users}?limit=1`, first));
  expect([...items(first), ...items(second)].map(({ name }) => name)).toEqual(['anna', 'zoe']);
  expect(second.json['next']).toBeNull();
  const rotated = await accepted('POST', `${users}/${id}/rotate-password`);
  expect(rotated.json).toMatchObject({
    operation: { kind: 'databaseUser.rotate', generation: 2 },
    databaseUser: { id, privileges: 'read', status: 'pending' },
    password: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
  });
  expect(rotated.json['password']).not.toBe(created.json['password']);
  const removal = await accepted('DELETE', `${users}/anna`);
  expect(removal.json).toMatchObject({ databaseUser: { id, status: 'deleting' } });
  expect(Object.keys(removal.json)).toEqual(['operation', 'databaseUser']);
  expect(await refused('POST', `${users}/${id}/rotate-password`)).toEqual([409, 'conflict', []]);
});

test('the name of a user is held on the whole server', async () => {
  const [one, two] = [await live('one'), await live('two')];
  await accepted('POST', `/v1/databases/${one}/users`, { name: 'unique' });
  for (const database of [one, two]) {
    const taken = await refused('POST', `/v1/databases/${database}/users`, { name: 'unique' });
    expect(taken).toEqual([409, 'name-taken', ['name']]);
  }
  expect(await refused('GET', `/v1/databases/${two}/users/unique`)).toEqual([404, 'not-found', []]);
});

test('a database that is being deleted takes no users, and neither does one that is gone', async () => {
  const database = await live('closing');
  const created = await accepted('POST', `/v1/databases/${database}/users`, { name: 'last' });
  await agent.end(operationId(created), LIVE);
  const removal = await accepted('DELETE', `/v1/databases/${database}`);
  const before = agent.snapshot();
  expect(await refused('POST', `/v1/databases/${database}/users`, { name: 'late' })).toEqual([
    409,
    'conflict',
    [],
  ]);
  expect(await refused('POST', `/v1/databases/${database}/users/last/rotate-password`)).toEqual([
    409,
    'conflict',
    [],
  ]);
  expect(await refused('DELETE', `/v1/databases/${database}/users/last`)).toEqual([409, 'conflict', []]);
  expect(agent.snapshot()).toEqual(before);
  const listed = await agent.call('GET', `/v1/databases/${database}/users`);
  expect(items(listed)).toMatchObject([{ name: 'last', status: 'deleting' }]);
  await agent.end(operationId(removal), GONE);
  expect(await refused('POST', `/v1/databases/${database}/users`, { name: 'late' })).toEqual([
    404,
    'not-found',
    [],
  ]);
  await live('closing');
});

test('users and the removal of their database, all asked for at once, have one order', async () => {
  const database = await live('crowd');
  const answers = await Promise.all([
    ...Array.from({ length: 6 }, (_, index) =>
      agent.call('POST', `/v1/databases/${database}/users`, { body: { name: `crowd${index}` } }),
    ),
    agent.call('DELETE', `/v1/databases/${database}`),
  ]);
  expect(answers.at(-1)?.status).toBe(202);
  const kinds = agent.servers
    .sql(`SELECT kind FROM sculptor.operation WHERE serial_key = 'database:${database}' ORDER BY seq`)
    .flat();
  expect(kinds.at(-1)).toBe('database.delete');
  expect(kinds.length).toBe(1 + answers.filter(({ status }) => status === 202).length);
});

test.each([
  ...['', 'A', '1u', '_u', 'a-b', 'a b', "a'b", 'a@localhost', 'a\n', 'a%', 'root', 'mysql', 'sculptor'].map(
    (name) => [{ name }, 'name'] as const,
  ),
  ...['public', 'a'.repeat(33), undefined, null, 1, [], {}].map((name) => [{ name }, 'name'] as const),
  ...['root', '', null, 1, 'ALL', ['all']].map(
    (privileges) => [{ name: 'fine', privileges }, 'privileges'] as const,
  ),
  [{ name: 'fine', password: 'mine' }, 'password'] as const,
  [{ name: 'fine', host: '%' }, 'host'] as const,
])('%j is refused as a user', async (body, field) => {
  const answer = await agent.call('GET', '/v1/databases/refusing');
  if (answer.status === 404) await live('refusing');
  expect(await refused('POST', '/v1/databases/refusing/users', body)).toEqual([
    422,
    'invalid-input',
    [field],
  ]);
  expect(items(await agent.call('GET', '/v1/databases/refusing/users'))).toEqual([]);
});
