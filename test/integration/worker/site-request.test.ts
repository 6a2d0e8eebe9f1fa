import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askSite } from '../../../worker-privileged/site-request.ts';

/* How one page is asked for through nginx, which is the test's own here. */

const folder = mkdtempSync(join(tmpdir(), 'site-request-'));
const socket = join(folder, 'http.sock');
let answer: RequestListener;
let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((listening) => server.listen(socket, listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});

test('the first page of that host is asked for, and its status told', async () => {
  const asked: unknown[] = [];
  answer = ({ url, method, headers }, response) => {
    asked.push([method, url, headers.host]);
    response.writeHead(503).end('not now');
  };
  expect(await askSite(socket, 'shop.example')).toEqual({
    status: 503,
    milliseconds: expect.any(Number) as number,
  });
  expect(asked).toEqual([['GET', '/', 'shop.example']]);
});

test('where the answer begins, its end is not waited for', async () => {
  answer = (_, response) => {
    response.writeHead(200);
    response.write('for ever');
  };
  expect(await askSite(socket, 'shop.example')).toMatchObject({ status: 200 });
});

test('who does not answer in time, or hangs up, has no status', async () => {
  answer = () => undefined;
  const late = await askSite(socket, 'shop.example', 50);
  expect(late?.status).toBeNull();
  expect(late?.milliseconds).toBeGreaterThanOrEqual(45);
  answer = (request) => request.socket.destroy();
  expect(await askSite(socket, 'shop.example')).toMatchObject({ status: null });
});

test('who switches to another protocol has no status', async () => {
  answer = (request) =>
    request.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  expect(await askSite(socket, 'shop.example')).toMatchObject({ status: null });
});

test('who hands out hints and no answer is waited for no longer than anybody', async () => {
  answer = (request, response) => {
    const hint = setInterval(() => response.writeEarlyHints({ link: '</a.css>; rel=preload' }), 5);
    request.socket.on('close', () => clearInterval(hint));
  };
  expect(await askSite(socket, 'shop.example', 100)).toMatchObject({ status: null });
});

test('where nginx is not there nothing is said of the site', async () => {
  expect(await askSite(join(folder, 'none.sock'), 'shop.example')).toBeNull();
});
