import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Operation } from '../../contract/operations.ts';
import {
  accepted,
  api,
  API_SOCKET,
  createDatabase,
  createDomain,
  ended,
  operationId,
  readDomain,
  readOperation,
  ready,
  succeeded,
  TOKEN_FILE,
  unique,
} from './agent.ts';
import { must, page, run, sculptorctl } from './server.ts';

beforeAll(ready);

const WORKER = 'sculptor-worker-privileged';

/** While the worker is away nothing begins, so what is asked for stays queued. */
async function withoutWorker<T>(what: () => Promise<T>): Promise<T> {
  must('systemctl', ['stop', WORKER]);
  try {
    return await what();
  } finally {
    must('systemctl', ['start', WORKER]);
  }
}

function curlConfig(): string {
  const file = '/tmp/sculptor-test-curl';
  writeFileSync(file, `header = "authorization: Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}"\n`, {
    mode: 0o600,
  });
  return file;
}

test('an operation tells what was done, step by step, and when', async () => {
  const answer = await accepted('POST', '/v1/domains', { body: { name: `${unique('told')}.example` } });
  expect(answer.headers.location).toBe(`/v1/operations/${operationId(answer)}`);
  expect(answer.json).toMatchObject({ operation: { kind: 'domain.create' }, domain: { generation: 1 } });
  const operation = await succeeded(answer);
  expect(operation.steps.length).toBeGreaterThan(2);
  expect(operation.steps.some((step) => step.changed)).toBe(true);
  expect(Date.parse(operation.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(operation.startedAt ?? ''));
});

test('what is asked for while nginx has died is made when it is there again', async () => {
  const { id } = await createDomain({ name: `${unique('nginx')}.example`, type: 'static' });
  must('systemctl', ['stop', 'nginx']);
  try {
    const answer = await accepted('DELETE', `/v1/domains/${id}`);
    // Its first step is its files'; the next ones want nginx.
    while ((await readOperation(operationId(answer))).steps.length === 0) await pause(20);
    must('systemctl', ['start', 'nginx']);
    expect(await succeeded(answer)).toMatchObject({ attempt: 1 });
  } finally {
    must('systemctl', ['start', 'nginx']);
  }
});

test('an operation can be followed with curl to its end, which closes the stream', async () => {
  const answer = await accepted('POST', '/v1/domains', { body: { name: `${unique('sse')}.example` } });
  const address = `http://localhost/v1/operations/${operationId(answer)}/events`;
  const text = must('curl', [
    '-sN',
    '--max-time',
    '50',
    '-K',
    curlConfig(),
    '--unix-socket',
    API_SOCKET,
    address,
  ]);
  const states = text
    .split('\n\n')
    .filter((event) => event.includes('event: operation'))
    .map((event) => Operation.parse(JSON.parse(/^data: ?(.*)$/m.exec(event)?.[1] ?? '')));
  expect(states.at(-1)).toMatchObject({ id: operationId(answer), status: 'succeeded' });
  expect(states.at(-1)).toEqual(await readOperation(operationId(answer)));
});

test('the stream of an operation that has ended gives its end and closes', () => {
  const { items } = JSON.parse(
    sculptorctl('operation', 'list', '--status', 'succeeded', '--limit', '1', '--json').out,
  ) as {
    items: { id: string }[];
  };
  const address = `http://localhost/v1/operations/${items[0]?.id ?? ''}/events`;
  const text = must('curl', [
    '-sN',
    '--max-time',
    '20',
    '-K',
    curlConfig(),
    '--unix-socket',
    API_SOCKET,
    address,
  ]);
  expect(text.match(/^event: operation$/gm)).toHaveLength(1);
});

test('a repeated key is answered with the first answer, and nothing is done twice', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const body = { name: `${unique('once')}.example` };
  const first = await accepted('POST', '/v1/domains', { body, headers });
  const second = await accepted('POST', '/v1/domains', { body, headers });
  expect(second.json).toEqual(first.json);
  expect(second.headers['idempotent-replayed']).toBe('true');
  expect(first.headers['idempotent-replayed']).toBeUndefined();
  await succeeded(first);
  const other = await api('POST', '/v1/domains', { body: { name: `${unique('other')}.example` }, headers });
  expect(other.json).toMatchObject({ status: 409, type: 'urn:sculptor:problem:idempotency-mismatch' });
});

test('ten of the same at once are one', async () => {
  const headers = { 'idempotency-key': randomUUID() };
  const body = { name: `${unique('ten')}.example` };
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => accepted('POST', '/v1/domains', { body, headers })),
  );
  expect(new Set(answers.map(operationId)).size).toBe(1);
  await succeeded(answers[0]!);
});

test('a repeated key gives no password a second time, and says so', async () => {
  const database = await createDatabase(unique('pw'));
  const call = { body: { name: unique('u') }, headers: { 'idempotency-key': randomUUID() } };
  const first = await accepted('POST', `/v1/databases/${database.id}/users`, call);
  const second = await accepted('POST', `/v1/databases/${database.id}/users`, call);
  expect(second.text).not.toContain(String(first.json['password']));
  expect(second.json['password']).toBeNull();
  expect(second.json['note']).toEqual(expect.any(String));
  await succeeded(first);
});

test('a newer change takes the place of those that had not begun', async () => {
  const domain = await createDomain({ name: `${unique('newer')}.example`, type: 'static' });
  const changes = [{ enabled: false }, { aliases: [`${unique('mid')}.example`] }, { enabled: true }];
  const answers = await withoutWorker(async () => {
    const given = [];
    for (const body of changes) given.push(await accepted('PATCH', `/v1/domains/${domain.id}`, { body }));
    return given;
  });
  const ends = await Promise.all(answers.map(ended));
  expect(ends.map(({ status }) => status)).toEqual(['superseded', 'superseded', 'succeeded']);
  expect(await readDomain(domain.id)).toMatchObject({ generation: 4, enabled: true, status: 'live' });
  expect((await page((await readDomain(domain.id)).aliases[0] ?? ''))[0]).not.toBe(503);
});

test('what is still queued can be cancelled; its name is free again and nothing was made', async () => {
  const name = `${unique('never')}.example`;
  const answer = await withoutWorker(async () => {
    const given = await accepted('POST', '/v1/domains', { body: { name } });
    await accepted('POST', `/v1/operations/${operationId(given)}/cancel`);
    return given;
  });
  expect((await ended(answer)).status).toBe('cancelled');
  expect(run('ls', [`/home/www/${name}`]).code).not.toBe(0);
  await createDomain({ name, type: 'static' });
});

test('what has ended cannot be cancelled', async () => {
  const answer = await accepted('POST', '/v1/domains', {
    body: { name: `${unique('late')}.example`, type: 'static' },
  });
  await succeeded(answer);
  const refused = await api('POST', `/v1/operations/${operationId(answer)}/cancel`);
  expect(refused.json).toMatchObject({ status: 409, type: 'urn:sculptor:problem:conflict' });
});

test('while the worker is away the agent takes work, and says that it is not ready', async () => {
  const { answer, health } = await withoutWorker(async () => ({
    answer: await accepted('POST', '/v1/domains', {
      body: { name: `${unique('wait')}.example`, type: 'static' },
    }),
    health: await api('GET', '/v1/health/live'),
  }));
  expect(health.json).toEqual({ status: 'ok' });
  await succeeded(answer);
});

test('with Redis flushed no operation is lost', async () => {
  const answer = await withoutWorker(async () => {
    const given = await accepted('POST', '/v1/domains', {
      body: { name: `${unique('flush')}.example`, type: 'static' },
    });
    must('systemctl', ['restart', 'sculptor-redis']);
    return given;
  });
  await succeeded(answer);
});

test('a worker that is killed in the middle leaves nothing running', async () => {
  const name = `${unique('killed')}.example`;
  const answer = await accepted('POST', '/v1/domains', { body: { name } });
  must('systemctl', ['kill', '--signal=KILL', WORKER]);
  await succeeded(answer);
  expect((await readDomain(name)).status).toBe('live');
});

test('what finds its site held is tried again after a pause, and what others wait for goes on', async () => {
  const { id } = await createDomain({ name: `${unique('held')}.example`, type: 'static' });
  const holder = spawn('flock', [`/var/lib/sculptor-root/locks/${id}`, 'sh', '-c', 'echo held; cat']);
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const answer = await accepted('PATCH', `/v1/domains/${id}`, { body: { enabled: false } });
  while ((await readOperation(operationId(answer))).attempt < 2) {
    await createDomain({ name: `${unique('beside')}.example`, type: 'static' });
    await pause(2000);
  }
  holder.stdin.end();
  expect((await succeeded(answer)).attempt).toBeGreaterThan(1);
  expect((await readDomain(id)).enabled).toBe(false);
});

test('operations are listed, newest first, page by page, and by resource and state', async () => {
  const domain = await createDomain({ name: `${unique('listed')}.example`, type: 'static' });
  const all = (await api('GET', `/v1/operations?resource=${domain.id}`)).json['items'] as Operation[];
  expect(all.map(({ kind }) => kind)).toEqual(['domain.create']);
  const first = (await api('GET', '/v1/operations?limit=1')).json;
  expect((first['items'] as Operation[])[0]).toMatchObject({ resource: { id: domain.id } });
  const second = (await api('GET', `/v1/operations?limit=1&cursor=${String(first['next'])}`)).json;
  expect((second['items'] as Operation[])[0]?.id).not.toBe(all[0]?.id);
});
