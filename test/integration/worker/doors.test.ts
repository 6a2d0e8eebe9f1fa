import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Probe } from '../../../contract/executor.ts';
import { createExecutorCalls } from '../../../worker-privileged/executor-calls.ts';
import { openProgram, openSocket } from '../../../worker-privileged/executor-door.ts';
import { askOnce } from '../../../worker-privileged/probe-request.ts';
import { startFakeExecutor } from '../../fakes/executor-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'sculptor-doors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const nothing = { operation: null, step: () => undefined };
const unavailable = { failure: { code: 'executor_unavailable' } };

/** A program in place of the executor: shell, answering each line as the test says. */
function program(body: string) {
  const file = join(folder, `program-${Math.random().toString(36).slice(2)}`);
  writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return createExecutorCalls({ open: () => openProgram(file, []) });
}

const ANSWER = `request=$(echo "$line" | sed 's/.*"request":"\\([a-z0-9]*\\)".*/\\1/')
  echo "{\\"request\\":\\"$request\\",\\"result\\":{\\"phpVersions\\":[],\\"hostname\\":\\"$1\\",\\"timeZone\\":\\"UTC\\"}}"`;

describe('the executor as a program', () => {
  test('answers many requests in one process', async () => {
    const calls = program(`while read -r line; do set -- "$$"; ${ANSWER}; done`);
    const answers = await Promise.all([1, 2, 3].map(() => calls.call('server.facts', {}, nothing)));
    expect(new Set(answers.map(({ hostname }) => hostname)).size).toBe(1);
    calls.close();
  });

  test('has a fixed environment, no argument, and / for a folder', async () => {
    process.env['NODE_OPTIONS_OF_A_THIEF'] = '--require /tmp/x';
    const env = `$(env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort | tr '\\n' '|')`;
    const calls = program(`args=$#; while read -r line; do set -- "$args ${env} $(pwd)"; ${ANSWER}; done`);
    const { hostname } = await calls.call('server.facts', {}, nothing);
    expect(hostname).toBe('0 LANG=C.UTF-8|PATH=/usr/sbin:/usr/bin:/sbin:/bin| /');
    calls.close();
    delete process.env['NODE_OPTIONS_OF_A_THIEF'];
  });

  test('that dies at once fails the request and not the worker, every time', async () => {
    const calls = program('exit 1');
    for (let i = 0; i < 20; i += 1) {
      await expect(calls.call('server.facts', {}, nothing)).rejects.toMatchObject(unavailable);
    }
  });

  test('that is not there fails the request and not the worker', async () => {
    const calls = createExecutorCalls({ open: () => openProgram(join(folder, 'nobody'), []) });
    await expect(calls.call('server.facts', {}, nothing)).rejects.toMatchObject(unavailable);
    await expect(calls.call('server.facts', {}, nothing)).rejects.toMatchObject(unavailable);
  });

  test('that dies after an answer is started anew for the next request', async () => {
    const calls = program(`read -r line; set -- "$$"; ${ANSWER}`);
    const first = await calls.call('server.facts', {}, nothing);
    let second = await calls.call('server.facts', {}, nothing).catch(() => undefined);
    while (second === undefined) {
      await pause(10);
      second = await calls.call('server.facts', {}, nothing).catch(() => undefined);
    }
    expect(second.hostname).not.toBe(first.hostname);
  });

  test('ends when the worker closes the door', async () => {
    const mark = join(folder, 'ended');
    const calls = program(`while read -r line; do set -- x; ${ANSWER}; done; echo ended > ${mark}`);
    await calls.call('server.facts', {}, nothing);
    calls.close();
    const { existsSync } = await import('node:fs');
    while (!existsSync(mark)) await pause(10);
  });
});

describe('the executor behind its socket', () => {
  test('is connected to again after it broke off', async () => {
    const facts = { phpVersions: [], hostname: 'h', timeZone: 'UTC' };
    const executor = await startFakeExecutor(join(folder, 'executor.sock'), () => facts);
    const calls = createExecutorCalls({ open: () => openSocket(executor.socketPath) });
    expect(await calls.call('server.facts', {}, nothing)).toEqual(facts);
    await executor.stop();
    await expect(calls.call('server.facts', {}, nothing)).rejects.toMatchObject(unavailable);
    await executor.start();
    expect(await calls.call('server.facts', {}, nothing)).toEqual(facts);
    calls.close();
    await executor.stop();
  });
});

describe('one request to nginx', () => {
  const probe: Probe = { host: 'a.example', path: '/.sculptor/site', expect: 'closed' };
  let count = 0;
  const socket = (): string => join(folder, `nginx${(count += 1)}.sock`);

  test('carries host and path, and sees status and body', async () => {
    const path = socket();
    const http = createHttpServer((request, response) => {
      response.writeHead(503).end(`${request.headers.host ?? ''}${request.url ?? ''}`);
    });
    await new Promise<void>((resolve) => http.listen(path, resolve));
    expect(await askOnce(path, probe)).toEqual({
      answer: 'page',
      status: 503,
      body: 'a.example/.sculptor/site',
    });
    await new Promise((resolve) => http.close(resolve));
  });

  test.each([
    ['ended without an answer', 'closed', ''],
    ['that speaks no HTTP', 'silent', 'hello\r\n\r\n'],
    [
      'that turns to another protocol',
      'silent',
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    ],
  ])('sees a connection %s as %s', async (_what, answer, words) => {
    const path = socket();
    const server = createServer((connection) => {
      connection.on('error', () => undefined).once('data', () => connection.end(words));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(await askOnce(path, probe)).toEqual({ answer });
    await new Promise((resolve) => server.close(resolve));
  });

  test('sees that nobody is there', async () => {
    expect(await askOnce(socket(), probe)).toEqual({ answer: 'silent' });
  });

  test('reads no more of an endless page than it needs', async () => {
    const path = socket();
    const http = createHttpServer((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(1000)));
        response.once('drain', more);
      };
      response.on('error', () => undefined);
      more();
    });
    await new Promise<void>((resolve) => http.listen(path, resolve));
    const seen = await askOnce(path, probe);
    expect(seen).toMatchObject({ answer: 'page', status: 200 });
    expect(JSON.stringify(seen).length).toBeLessThan(200_000);
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
});
