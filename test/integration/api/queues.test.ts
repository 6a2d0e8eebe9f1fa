import { Problem } from '../../../contract/problems.ts';
import { PartId } from '../../../contract/ids.ts';
import { Queue } from '../../../contract/site-parts.ts';
import { openState } from '../../../state/connection.ts';
import { putPartOutput, putPartReport } from '../../../state/part-reports.ts';
import { LIVE, operationId, resource, SERVER, startAgent } from './agent.ts';
import type { Agent, Answer } from './agent.ts';

const QUEUES = '/v1/domains/shop.example/queues';
const WANTED = { name: 'mails', command: ['php', 'artisan', 'queue:work', '$HOME %n "x"', ''] };

let agent: Agent;
beforeEach(async () => {
  agent = await startAgent();
  const made = await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } });
  await agent.end(operationId(made), LIVE);
});
afterEach(() => agent.stop());

const create = (more: object = {}) => agent.call('POST', QUEUES, { body: { ...WANTED, ...more } });
const live = async (answer: Answer) => {
  expect(answer.status).toBe(202);
  await agent.end(operationId(answer), LIVE);
};
const read = async () => Queue.parse((await agent.call('GET', `${QUEUES}/mails`)).json);

test('a queue is made with its words as they are, and with what was not said', async () => {
  const made = await create();
  await live(made);
  expect(resource(made, 'queue')).toMatchObject({ ...WANTED, state: 'stopped', observedAt: null });
  expect(await read()).toMatchObject({
    ...WANTED,
    ...{ workingDirectory: '', environment: {}, processes: 1, stopSignal: 'TERM', stopSeconds: 10 },
    ...{ startOnBoot: true, memoryMb: null, cpuPercent: null, running: true, status: 'live' },
  });
});

test('a change keeps what it does not name; an environment is replaced whole', async () => {
  await live(await create({ environment: { A: '1', B: '2' }, memoryMb: 64 }));
  await live(
    await agent.call('PATCH', `${QUEUES}/mails`, { body: { environment: { C: '3' }, processes: 4 } }),
  );
  await live(await agent.call('PATCH', `${QUEUES}/mails`, { body: { memoryMb: null } }));
  expect(await read()).toMatchObject({ ...WANTED, environment: { C: '3' }, processes: 4, memoryMb: null });
});

test('it is stopped, started and started anew, each by an operation', async () => {
  await live(await create());
  const kinds: unknown[] = [];
  for (const word of ['stop', 'start', 'stop', 'restart']) {
    const answer = await agent.call('POST', `${QUEUES}/mails/${word}`);
    kinds.push((answer.json['operation'] as { kind: string }).kind, resource(answer, 'queue')['running']);
    await live(answer);
  }
  expect(kinds).toEqual([
    ...['queue.stop', false, 'queue.start', true],
    ...['queue.stop', false, 'queue.restart', true],
  ]);
});

test('what was seen of it is shown, its last words where it fares badly, and its output', async () => {
  const made = await create();
  await live(made);
  const part = PartId.parse(resource(made, 'queue').id);
  const worker = openState(agent.servers.state('sculptor'));
  const since = '2026-01-02T03:04:05.000Z';
  const process = (number: number, state: string) => ({ number, state, since, exitCode: null });
  const report = { part, processes: [process(0, 'running'), process(1, 'failed')], output: '1' };
  await putPartReport(worker, { server: SERVER, type: 'queue' }, { part, report });
  const output = [
    { number: 0, lines: ['well'] },
    { number: 1, lines: ['one', 'two'] },
  ];
  await putPartOutput(worker, part, output);
  await worker.close();
  expect(await read()).toMatchObject({
    state: 'failed',
    processStates: report.processes,
    lastWords: ['one', 'two'],
    observedAt: expect.stringMatching(/^20/) as string,
  });
  const said = await agent.call('GET', `${QUEUES}/mails/output`);
  expect(said.json).toEqual({ output, observedAt: expect.stringMatching(/^20/) as string });
});

test.each([
  ['no command', { command: [] }, 'command.0'],
  ['a line for a shell', { command: 'php artisan' }, 'command'],
  ['an option for a program', { command: ['--chdir=/', 'id'] }, 'command.0'],
  ['a variable for a program', { command: ['LD_PRELOAD=/x', 'id'] }, 'command.0'],
  ['an end of a line', { command: ['sh', 'a\nb'] }, 'command.1'],
  ['a number for a word', { command: ['sh', 1] }, 'command.1'],
  ['LD_PRELOAD', { environment: { LD_PRELOAD: '/x' } }, 'environment.LD_PRELOAD'],
  ['PATH', { environment: { PATH: '/x' } }, 'environment.PATH'],
  ['a variable with a line in it', { environment: { A: 'b\n[program:x]' } }, 'environment.A'],
  ['a folder above', { workingDirectory: '../x' }, 'workingDirectory'],
  ['a folder of the server', { workingDirectory: '/etc' }, 'workingDirectory'],
  ['no process', { processes: 0 }, 'processes'],
  ['many processes', { processes: 17 }, 'processes'],
  ['no signal', { stopSignal: 'STOP' }, 'stopSignal'],
  ['a long end', { stopSeconds: 46 }, 'stopSeconds'],
  ['half a percent', { cpuPercent: 0.5 }, 'cpuPercent'],
  ['a port of the system', { publicPort: { port: 443 } }, 'publicPort.port'],
  ['a port that connections go out by', { publicPort: { port: 40_000 } }, 'publicPort.port'],
  ['no protocol that there is', { publicPort: { port: 25_565, protocol: 'sctp' } }, 'publicPort.protocol'],
  ['a port for nobody', { publicPort: { port: 25_565, from: '192.0.2.0/24' } }, 'publicPort.from'],
  ['another’s user', { user: 'root' }, 'user'],
  ['a standing', { running: false }, 'running'],
])('%s is refused with its field, and nothing is written', async (_what, more, field) => {
  await live(await create());
  const before = agent.snapshot();
  for (const refused of [
    await create({ ...more, name: 'other' }),
    await agent.call('PATCH', `${QUEUES}/mails`, { body: more }),
  ]) {
    expect(refused.status).toBe(422);
    expect(Problem.parse(refused.json).errors?.map((error) => error.field)).toEqual([field]);
  }
  expect(agent.snapshot()).toEqual(before);
});

test('a site of the shared user has no queues, and says why', async () => {
  const body = { name: 'pooled.example', isolation: 'pool' };
  await live(await agent.call('POST', '/v1/domains', { body }));
  const refused = await agent.call('POST', '/v1/domains/pooled.example/queues', { body: WANTED });
  expect(refused.status).toBe(409);
  expect(Problem.parse(refused.json).detail).toContain('has no queues of its own');
});

describe('a public port', () => {
  const at = (port: number) => ({ publicPort: { port } });
  const held = () => agent.servers.sql('SELECT port, part_id FROM sculptor.public_port ORDER BY port');
  const ofTenant = async (publicPorts?: number) => {
    const body = {
      name: `t${String(publicPorts)}`,
      ...(publicPorts === undefined ? {} : { plan: { publicPorts } }),
    };
    const made = await agent.call('POST', '/v1/tenants', { body });
    await agent.end(operationId(made), LIVE);
    const headers = { 'sculptor-tenant': resource(made, 'tenant').id };
    const site = `of${String(publicPorts)}.example`;
    const domain = await agent.call('POST', '/v1/domains', { headers, body: { name: site } });
    await agent.end(operationId(domain), LIVE);
    const ask = (method: 'POST' | 'PATCH', name: string, more: object) =>
      method === 'POST'
        ? agent.call(method, `/v1/domains/${site}/queues`, { headers, body: { ...WANTED, name, ...more } })
        : agent.call(method, `/v1/domains/${site}/queues/${name}`, { headers, body: more });
    const usage = async () => {
      const found = await agent.call('GET', `/v1/tenants/${resource(made, 'tenant').id}/usage`);
      return (found.json['counts'] as Record<string, number>)['publicPorts'];
    };
    return { ask, usage };
  };

  test('is shown, is TCP where nothing is said, and stays with a change that does not name it', async () => {
    await live(await create(at(25_565)));
    await live(await agent.call('PATCH', `${QUEUES}/mails`, { body: { processes: 2 } }));
    expect(await read()).toMatchObject({ publicPort: { port: 25_565, protocol: 'tcp' }, processes: 2 });
    await live(await agent.call('PATCH', `${QUEUES}/mails`, { body: { publicPort: null } }));
    expect([(await read()).publicPort, held()]).toEqual([null, []]);
  });

  test('is one program’s on the server, until that is gone or has another', async () => {
    await live(await create(at(25_565)));
    const { ask } = await ofTenant(5);
    const refused = await ask('POST', 'game', { publicPort: { port: 25_565, protocol: 'udp' } });
    expect([refused.status, Problem.parse(refused.json).errors]).toEqual([
      409,
      [
        {
          field: 'publicPort.port',
          message: 'Another program of this server has the port 25565.',
          expected: 'a port that no other program has',
        },
      ],
    ]);
    const moved = await agent.call('PATCH', `${QUEUES}/mails`, { body: at(25_566) });
    // It has both until the other one has come about.
    expect((await ask('POST', 'game', at(25_565))).status).toBe(409);
    await live(moved);
    await live(await ask('POST', 'game', at(25_565)));
    expect(held()).toHaveLength(2);
    const gone = await agent.call('DELETE', `${QUEUES}/mails`);
    await agent.end(operationId(gone), { status: 'succeeded', resource: 'deleted' });
    expect(held()).toHaveLength(1);
  });

  test('is refused beyond the plan, which has none where nothing is said, and nothing is written', async () => {
    const [none, one] = [await ofTenant(), await ofTenant(1)];
    await live(await one.ask('POST', 'game', at(25_565)));
    await live(await one.ask('POST', 'chat', {}));
    await live(await none.ask('POST', 'game', {}));
    const before = agent.snapshot();
    for (const [refused, most] of [
      [await none.ask('POST', 'chat', at(25_566)), 0],
      [await none.ask('PATCH', 'game', at(25_566)), 0],
      [await one.ask('PATCH', 'chat', at(25_566)), 1],
    ] as const) {
      const { type, errors } = Problem.parse(refused.json);
      expect([type, errors]).toEqual([
        'urn:sculptor:problem:plan-limit',
        [
          expect.objectContaining({
            field: 'plan.publicPorts',
            expected: expect.stringContaining(`at most ${most}`) as string,
          }),
        ],
      ]);
    }
    expect(agent.snapshot()).toEqual(before);
    await live(await one.ask('PATCH', 'game', at(25_566)));
    expect([await one.usage(), await none.usage()]).toEqual([1, 0]);
  });
});
