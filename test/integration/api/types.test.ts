import { Domain, socketOfSite } from '../../../contract/domains.ts';
import { DomainId } from '../../../contract/ids.ts';
import { Problem } from '../../../contract/problems.ts';
import { Queue } from '../../../contract/site-parts.ts';
import { items, LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

let agent: Agent;
beforeAll(async () => {
  agent = await startAgent();
});
afterAll(() => agent.stop());

const create = (name: string, more: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  agent.call('POST', '/v1/domains', { body: { name, ...more }, headers });
const change = (name: string, body: object) => agent.call('PATCH', `/v1/domains/${name}`, { body });
const namesOf = async (name: string, kind: string) =>
  items(await agent.call('GET', `/v1/domains/${name}/${kind}`)).map((one) => one.name);
const fields = (answer: Answer) => [
  answer.status,
  ...(Problem.parse(answer.json).errors ?? []).map(({ field }) => field),
];

async function live(answer: Answer): Promise<Domain> {
  expect([answer.text, answer.status]).toEqual([answer.text, 202]);
  await agent.end(operationId(answer), LIVE);
  await endOthers();
  return Domain.parse(resource(answer, 'domain'));
}

/** The operations of what came with it, the oldest first. */
async function endOthers(): Promise<void> {
  const open = items(await agent.call('GET', '/v1/operations?status=queued')) as { id: string }[];
  for (const { id } of open.toReversed()) await agent.end(id, LIVE);
}

test('a node domain comes with its program, whose operation follows that of the domain', async () => {
  const { id } = resource(await create('node.example', { type: 'node', start: ['node', 'a.js'] }), 'domain');
  const queue = Queue.parse((await agent.call('GET', '/v1/domains/node.example/queues/app')).json);
  const socket = socketOfSite(DomainId.parse(id));
  expect(queue).toMatchObject({
    ...{ command: ['node', 'a.js'], workingDirectory: 'private', running: true, status: 'pending' },
    environment: { NODE_ENV: 'production', PORT: socket, SOCKET: socket },
  });
  const kinds = items(await agent.call('GET', '/v1/operations?limit=2')).map((one) => one['kind']);
  expect(kinds).toEqual(['queue.create', 'domain.create']);
  await endOthers();
});

test('a laravel domain serves its project’s public and comes with a queue and a scheduler, unless it is not to', async () => {
  const made = await live(await create('laravel.example', { type: 'laravel' }));
  expect([made.publicDirectory, made.phpVersion]).toEqual(['public/public', '8.4']);
  expect([await namesOf(made.name, 'queues'), await namesOf(made.name, 'crons')]).toEqual([
    ['queue'],
    ['scheduler'],
  ]);
  const bare = await live(await create('bare.example', { type: 'laravel', createDefaults: false }));
  expect([await namesOf(bare.name, 'queues'), await namesOf(bare.name, 'crons')]).toEqual([[], []]);
  const pooled = await live(await create('pooled.example', { type: 'laravel', isolation: 'pool' }));
  expect(await namesOf(pooled.name, 'queues')).toEqual([]);
});

test('a domain that is changed to a type gets its programs once, and keeps those of before', async () => {
  const { name } = await live(await create('turned.example', { type: 'static' }));
  await live(await change(name, { type: 'node', createDefaults: false }));
  expect(await namesOf(name, 'queues')).toEqual([]);
  await live(await change(name, { type: 'laravel' }));
  expect(await namesOf(name, 'queues')).toEqual(['queue']);
  await live(await change(name, { type: 'node' }));
  await live(await change(name, { type: 'static' }));
  const back = await live(await change(name, { type: 'laravel' }));
  expect(await namesOf(name, 'queues')).toEqual(['app', 'queue']);
  expect(back.publicDirectory).toBe('public/public');
});

test('what a type needs is asked for by the name of the field, and changes nothing', async () => {
  const before = agent.snapshot();
  const redirect = (to: string) => ({ type: 'redirect', options: { redirect: { to } } });
  expect(fields(await create('a.example', { type: 'redirect' }))).toEqual([422, 'options.redirect']);
  expect(fields(await create('a.example', redirect('https://A.example/x')))).toEqual([
    422,
    'options.redirect.to',
  ]);
  expect(fields(await create('a.example', redirect('https://b.example/x?y')))).toEqual([
    422,
    'options.redirect.to',
  ]);
  expect(fields(await create('a.example', redirect('https://b')))).toEqual([422, 'options.redirect.to']);
  expect(fields(await create('a.example', { type: 'proxy', isolation: 'pool' }))).toEqual([422, 'type']);
  expect(fields(await create('a.example', { start: ['node'] }))).toEqual([422, 'start']);
  expect(fields(await create('a.example', { type: 'node', phpVersion: '8.4' }))).toEqual([422, 'phpVersion']);
  expect(agent.snapshot()).toEqual(before);
});

test('an address to send visitors to is kept in the form that everything below knows', async () => {
  const redirect = { to: 'HTTPS://Bücher.example/Ä'.replace('Ä', 'A'), status: 301 };
  const made = await live(await create('sent.example', { type: 'redirect', options: { redirect } }));
  expect(made.options.redirect).toEqual({
    to: 'https://xn--bcher-kva.example/A',
    status: 301,
    keepPath: true,
  });
  const refused = await change('sent.example', { options: { redirect: null } });
  expect(fields(refused)).toEqual([422, 'options.redirect']);
});

test('a token that may make no queues makes none by the type of a domain', async () => {
  const { headers } = makeToken(agent.servers, { scopes: ['domains:read', 'domains:write', 'crons:write'] });
  const before = agent.snapshot();
  expect((await create('thief.example', { type: 'node' }, headers)).status).toBe(403);
  expect((await create('thief.example', { type: 'laravel' }, headers)).status).toBe(403);
  expect(agent.snapshot()).toEqual(before);
  expect((await create('thief.example', { type: 'node', createDefaults: false }, headers)).status).toBe(202);
});

test('the programs of a type are counted by the plan', async () => {
  makeTenant(agent.servers, 'planned00000', { queues: 0 });
  const { headers } = makeToken(agent.servers, { tenant: 'planned00000' });
  const refused = await create('planned.example', { type: 'node' }, headers);
  expect([refused.status, Problem.parse(refused.json).type]).toEqual([
    409,
    'urn:sculptor:problem:plan-limit',
  ]);
  const without = await create('planned.example', { type: 'node', createDefaults: false }, headers);
  expect(without.status).toBe(202);
});
