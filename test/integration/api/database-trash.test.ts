import { Database } from '../../../contract/databases.ts';
import { Problem } from '../../../contract/problems.ts';
import type { Ending } from '../../../state/outcomes.ts';
import { GONE, items, LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

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
  resource: 'as-before',
  failure: { code: 'not_ours', message: 'x', hint: 'y' },
};

async function accepted(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await agent.call(method, path, body === undefined ? {} : { body });
  expect([answer.text, answer.status]).toEqual([answer.text, 202]);
  return answer;
}

async function refused(method: string, path: string, body?: object): Promise<[number, string]> {
  const answer = await agent.call(method, path, body === undefined ? {} : { body });
  const { status, type } = Problem.parse(answer.json);
  return [status, type.replace('urn:sculptor:problem:', '')];
}

async function ended(answer: Answer, ending: Ending): Promise<Answer> {
  await agent.end(operationId(answer), ending);
  return answer;
}

async function live(name: string, users: readonly string[] = []): Promise<string> {
  const { id } = resource(await ended(await accepted('POST', '/v1/databases', { name }), LIVE), 'database');
  for (const user of users)
    await ended(await accepted('POST', `/v1/databases/${id}/users`, { name: user }), LIVE);
  return id;
}

async function trashed(name: string, users: readonly string[] = []): Promise<string> {
  const id = await live(name, users);
  await ended(await accepted('DELETE', `/v1/databases/${id}`), TRASHED);
  return id;
}

const read = async (id: string) => Database.parse((await agent.call('GET', `/v1/databases/${id}`)).json);

test('one that was removed lies in the trash, holds no name, and is brought back by its id', async () => {
  const id = await trashed('shop', ['shop_user']);
  expect(await read(id)).toMatchObject({ status: 'trashed', name: 'shop' });
  expect((await agent.call('GET', '/v1/databases/shop')).status).toBe(404);
  expect(items(await agent.call('GET', '/v1/databases?name=shop'))).toEqual([]);
  const back = await accepted('POST', `/v1/databases/${id}/restore`);
  expect(back.json).toMatchObject({
    operation: { kind: 'database.restore', generation: 3 },
    database: { id, status: 'pending' },
  });
  expect(await refused('POST', `/v1/databases/${id}/restore`)).toEqual([409, 'conflict']);
  await ended(back, LIVE);
  expect(await read('shop')).toMatchObject({ id, status: 'live' });
  expect(items(await agent.call('GET', `/v1/databases/${id}/users`))).toMatchObject([
    { name: 'shop_user', status: 'live' },
  ]);
});

test('what lies there is neither changed nor removed, and takes no users', async () => {
  const id = await trashed('still', ['still_user']);
  const before = agent.snapshot();
  expect(await refused('PATCH', `/v1/databases/${id}`, { protected: true })).toEqual([409, 'conflict']);
  expect(await refused('DELETE', `/v1/databases/${id}`)).toEqual([409, 'conflict']);
  expect(await refused('POST', `/v1/databases/${id}/users`, { name: 'late' })).toEqual([409, 'conflict']);
  expect(agent.snapshot()).toEqual(before);
});

test.each(['its name', 'the name of a user of it'])(
  'it is not brought back while another has %s',
  async (which) => {
    const [name, user] = which === 'its name' ? ['taken', 'taken_user'] : ['elsewhere', 'again_user'];
    const id = await trashed(which === 'its name' ? 'taken' : 'again', [user]);
    const other = await live(name, which === 'its name' ? [] : ['again_user']);
    const before = agent.snapshot();
    expect(await refused('POST', `/v1/databases/${id}/restore`)).toEqual([409, 'name-taken']);
    expect(agent.snapshot()).toEqual(before);
    await ended(await accepted('DELETE', `/v1/databases/${other}`), GONE);
    await accepted('POST', `/v1/databases/${id}/restore`);
  },
);

test('a user that was deleted before does not come back, and its name stays free', async () => {
  const id = await live('left_alone', ['stays', 'went']);
  await ended(await accepted('DELETE', `/v1/databases/${id}/users/went`), GONE);
  await ended(await accepted('DELETE', `/v1/databases/${id}`), TRASHED);
  await ended(await accepted('POST', `/v1/databases/${id}/restore`), LIVE);
  expect(items(await agent.call('GET', `/v1/databases/${id}/users`)).map(({ name }) => name)).toEqual([
    'stays',
  ]);
  await accepted('POST', `/v1/databases/${id}/users`, { name: 'went' });
});

test('a restoration that failed leaves it in the trash, and its names free', async () => {
  const id = await trashed('unlucky', ['unlucky_user']);
  await ended(await accepted('POST', `/v1/databases/${id}/restore`), FAILED);
  expect(await read(id)).toMatchObject({ status: 'trashed' });
  const other = await live('unlucky', ['unlucky_user']);
  expect(other).not.toBe(id);
});

test('a restoration that was cancelled frees its names again', async () => {
  const id = await trashed('regretted', ['regretted_user']);
  const back = await accepted('POST', `/v1/databases/${id}/restore`);
  await accepted('POST', `/v1/operations/${operationId(back)}/cancel`);
  expect(await agent.claim(operationId(back))).toBe('ended');
  expect(await read(id)).toMatchObject({ status: 'trashed' });
  await live('regretted', ['regretted_user']);
});

test('what is not in the trash is not brought back', async () => {
  const id = await live('standing');
  expect(await refused('POST', `/v1/databases/${id}/restore`)).toEqual([409, 'conflict']);
  expect(await refused('POST', '/v1/databases/nowhere/restore')).toEqual([404, 'not-found']);
});

test('one that is protected, at its creation or later, is not removed', async () => {
  const answer = await accepted('POST', '/v1/databases', { name: 'guarded', protected: true });
  expect(answer.json['database']).toMatchObject({ protected: true });
  await ended(answer, LIVE);
  expect(await refused('DELETE', '/v1/databases/guarded')).toEqual([409, 'protected']);
  const id = await live('later_guarded');
  const change = await accepted('PATCH', `/v1/databases/${id}`, { protected: true });
  expect(change.json).toMatchObject({
    operation: { kind: 'database.update' },
    database: { protected: true },
  });
  await ended(change, LIVE);
  await ended(await accepted('PATCH', `/v1/databases/${id}`, { protected: true }), LIVE);
  expect(await refused('DELETE', `/v1/databases/${id}`)).toEqual([409, 'protected']);
});

test.each([
  { protected: false },
  {},
  { protected: 'true' },
  { name: 'other' },
  { protected: true, name: 'x' },
  { charset: 'utf8' },
  { charset: 'latin1', collation: 'utf8mb4_bin' },
  { collation: 'utf8mb4_bin; DROP DATABASE mysql' },
  { collation: null },
  { size: null },
])('a database cannot be changed to %j', async (change) => {
  if ((await agent.call('GET', '/v1/databases/as_it_is')).status === 404) await live('as_it_is');
  const before = agent.snapshot();
  expect(await refused('PATCH', '/v1/databases/as_it_is', change)).toEqual([422, 'invalid-input']);
  expect(agent.snapshot()).toEqual(before);
});
