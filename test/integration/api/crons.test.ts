import { LIVE, operationId, resource, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';
import { Problem } from '../../../contract/problems.ts';

const CRONS = '/v1/domains/shop.example/crons';
const RUNS = '/v1/domains/shop.example/runs';
const CRON = { name: 'nightly', schedule: '30 4 * * MON', command: ['php', 'artisan', 'schedule:run'] };

let agent: Agent;
beforeEach(async () => {
  agent = await startAgent();
  const made = await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } });
  await agent.end(operationId(made), LIVE);
});
afterEach(() => agent.stop());

test('a cron is shown in words, with the next three times, and changed in part', async () => {
  const made = await agent.call('POST', CRONS, { body: CRON });
  expect(made.status).toBe(202);
  await agent.end(operationId(made), LIVE);
  const { json } = await agent.call('GET', `${CRONS}/nightly`);
  expect(json).toMatchObject({
    ...{ schedule: '30 4 * * mon', inWords: 'at 04:30 on Monday', timeZone: 'UTC', overlap: false },
    ...{ timeoutSeconds: 3600, report: null, output: null, status: 'live' },
  });
  expect(json['next']).toHaveLength(3);
  const changed = await agent.call('PATCH', `${CRONS}/nightly`, { body: { overlap: true } });
  expect(resource(changed, 'cron')).toMatchObject({ ...CRON, schedule: '30 4 * * mon', overlap: true });
});

test('it is started beside its times by an operation that changes nothing of it', async () => {
  const made = await agent.call('POST', CRONS, { body: CRON });
  await agent.end(operationId(made), LIVE);
  const now = await agent.call('POST', `${CRONS}/nightly/run`);
  expect(now.json).toMatchObject({ operation: { kind: 'cron.run', status: 'queued' } });
  expect(resource(now, 'cron')).toMatchObject({ ...CRON, schedule: '30 4 * * mon', generation: 2 });
});

test('on a domain that is switched off none is started, and that is said', async () => {
  await agent.end(operationId(await agent.call('POST', CRONS, { body: CRON })), LIVE);
  const off = await agent.call('PATCH', '/v1/domains/shop.example', { body: { enabled: false } });
  await agent.end(operationId(off), LIVE);
  const before = agent.snapshot();
  const refused = await agent.call('POST', `${CRONS}/nightly/run`);
  expect([refused.status, Problem.parse(refused.json).detail]).toEqual([
    409,
    'shop.example is switched off, and runs nothing. Enable it, then ask again.',
  ]);
  expect(agent.snapshot()).toEqual(before);
});

test.each([
  ['a change of nothing', { method: 'PATCH', more: '', body: {} }, undefined],
  ['a field that a cron has not', { method: 'PATCH', more: '', body: { name: 'other' } }, 'name'],
  ['a start with words', { method: 'POST', more: '/run', body: { command: ['id'] } }, undefined],
])('%s is refused, and nothing is written', async (_what, { method, more, body }, field) => {
  await agent.end(operationId(await agent.call('POST', CRONS, { body: CRON })), LIVE);
  const before = agent.snapshot();
  const refused = await agent.call(method, `${CRONS}/nightly${more}`, { body });
  expect(refused.status).toBe(422);
  if (field !== undefined) expect(Problem.parse(refused.json).errors?.[0]?.field).toBe(field);
  expect(agent.snapshot()).toEqual(before);
});

test.each([
  ['schedule', '@reboot'],
  ['schedule', '* * * * *\n* * * * * root id'],
  ['command', []],
  ['name', 'a.b'],
])('%s %j is refused with its field, and nothing is written', async (field, value) => {
  const before = agent.snapshot();
  const refused = await agent.call('POST', CRONS, { body: { ...CRON, [field]: value } });
  expect(refused.status).toBe(422);
  expect(Problem.parse(refused.json).errors?.[0]?.field).toMatch(new RegExp(`^${field}`));
  expect(agent.snapshot()).toEqual(before);
});

test('a run waits under a key of its own, and can be stopped until it has ended', async () => {
  const made = await agent.call('POST', RUNS, { body: { command: ['true'] } });
  expect(made.status).toBe(202);
  const run = resource(made, 'run');
  expect(run).toMatchObject({
    status: 'queued',
    timeoutSeconds: 300,
    operation: operationId(made),
    result: null,
  });
  // What the domain waits for is not held up by it.
  const other = await agent.call('PATCH', '/v1/domains/shop.example', { body: { aliases: [] } });
  await agent.end(operationId(other), LIVE);
  expect((await agent.call('POST', `${RUNS}/${run.id}/stop`)).status).toBe(202);
  const another = await agent.call('POST', RUNS, { body: { command: ['true'] } });
  await agent.end(operationId(another), LIVE);
  const ended = resource(another, 'run').id;
  expect((await agent.call('GET', `${RUNS}/${ended}`)).json).toMatchObject({ status: 'ended' });
  expect((await agent.call('POST', `${RUNS}/${ended}/stop`)).status).toBe(409);
});

test('a domain has ten that have not ended, and no eleventh', async () => {
  const body = { command: ['true'] };
  const answers = await Promise.all(Array.from({ length: 12 }, () => agent.call('POST', RUNS, { body })));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(10).fill(202), 409, 409]);
});
