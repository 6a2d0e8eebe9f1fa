import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Acceptance } from '../../../mailer/acceptance.ts';
import { createDoors, type Doors } from '../../../mailer/doors.ts';
import type { Handed } from '../../../mailer/letter.ts';
import { createReception } from '../../../mailer/reception.ts';

const SITE = 'a1b2c3d4e5f6';
const logger = pino({ level: 'silent' });

function world(bodyMs = 10_000) {
  const folder = mkdtempSync(join(tmpdir(), 'doors-'));
  const refused: string[] = [];
  const taken: { site: string; handed: Handed }[] = [];
  const acceptance: Acceptance = {
    admit: () => Promise.resolve(),
    accept: (site, handed) => {
      taken.push({ site, handed });
      return Promise.resolve({ id: 'm1', recipients: 1, size: 1 });
    },
  };
  const parts: { doors?: Doors } = {};
  const reception = createReception({
    acceptance,
    siteOf: (connection) => parts.doors?.siteOf(connection),
    sayRefused: (_, why) => void refused.push(why),
    logger,
    bodyMs,
  });
  const doors = createDoors({
    folder,
    uid: process.getuid!(),
    welcome: (connection) => void reception.emit('connection', connection),
    logger,
  });
  parts.doors = doors;
  const make = (name: string) => {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), 0o2750);
  };
  const post = (name: string, path = '/?to=a%0Ab', length?: number) =>
    ask(join(folder, name, 'socket'), path, length);
  /** Announces so much, and sends so much of it; what is answered comes with the end. */
  const begin = async (name: string, announced: number, sent = 0) => {
    const socket = connect(join(folder, name, 'socket'));
    const answer = answerOf(socket);
    const head = `POST / HTTP/1.0\r\nContent-Length: ${announced}\r\n\r\n`;
    const whole = Buffer.concat([Buffer.from(head), Buffer.alloc(sent)]);
    await new Promise((written) => socket.write(whole, written));
    return { answer };
  };
  const end = async () => {
    await doors.close();
    rmSync(folder, { recursive: true });
  };
  return { folder, taken, refused, doors, make, post, begin, end };
}

const MIB = 2 ** 20;

function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => (text += part.toString()));
    socket.on('close', () => resolve(text.split('\r\n')[0] ?? ''));
  });
}

function ask(socketPath: string, path: string, length = 4): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { 'content-length': length };
    const asked = request({ socketPath, path, method: 'POST', headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    asked.end('text');
  });
}

test('whose a message is, the socket says that it came through', async () => {
  const { folder, taken, doors, make, post, end } = world();
  for (const name of [SITE, 'pool', 'other', '..evil']) make(name);
  await doors.look();
  expect([await post(SITE), await post('pool'), await post('other')]).toEqual([202, 202, 'ENOENT']);
  expect(taken.map(({ site, handed }) => [site, handed.to, handed.raw.toString()])).toEqual([
    [SITE, ['a\nb'], 'text'],
    ['pool', ['a\nb'], 'text'],
  ]);
  expect(statSync(join(folder, SITE, 'socket')).mode & 0o777).toBe(0o660);
  await end();
});

test('a way that is taken back answers no more, and one that is made anew does', async () => {
  const { folder, doors, make, post, end } = world();
  make(SITE);
  await doors.look();
  expect(doors.isOpen(SITE as never)).toBe(true);
  chmodSync(join(folder, SITE), 0o700);
  await doors.look();
  expect([doors.isOpen(SITE as never), await post(SITE)]).toEqual([false, 'ENOENT']);
  renameSync(join(folder, SITE), join(folder, 'gone'));
  make(SITE);
  await doors.look();
  expect(await post(SITE)).toBe(202);
  await end();
});

test('what is too large is refused before it is read, and a message that was cut off is none', async () => {
  const { taken, doors, make, post, end } = world();
  make(SITE);
  await doors.look();
  expect(await post(SITE, '/', 30 * 2 ** 20)).toBe(413);
  const cut = post(SITE, '/', 100);
  setTimeout(() => void doors.close(), 100);
  expect(await cut).toBe('ECONNRESET');
  expect(taken).toEqual([]);
  await end();
});

test('who announces much and sends nothing keeps nobody out', async () => {
  const { doors, make, post, begin, end } = world();
  for (const name of [SITE, 'pool']) make(name);
  await doors.look();
  for (let time = 0; time < 15; time += 1) await begin(SITE, 20 * MIB);
  expect([await post('pool'), await post(SITE)]).toEqual([202, 202]);
  await end();
});

test('of what is held in memory a site has a share, and its neighbour another', async () => {
  const { doors, make, begin, end } = world();
  for (const name of [SITE, 'pool']) make(name);
  await doors.look();
  await begin(SITE, 20 * MIB, 20 * MIB - 1);
  const [second, other] = [await begin(SITE, 20 * MIB), await begin('pool', 20 * MIB, 20 * MIB)];
  expect([await second.answer, await other.answer]).toEqual([
    'HTTP/1.1 503 Service Unavailable',
    'HTTP/1.1 202 Accepted',
  ]);
  await end();
});

test('a message that does not come is not waited for, and holds nothing afterwards', async () => {
  const { doors, make, begin, refused, end } = world(300);
  make(SITE);
  await doors.look();
  expect(await (await begin(SITE, 20 * MIB, 19 * MIB)).answer).toBe('');
  expect(refused).toEqual(['The message was cut off.']);
  expect(await (await begin(SITE, 20 * MIB)).answer).toBe('');
  expect(refused).toHaveLength(2);
  expect(refused.join()).not.toContain('busy');
  await end();
});

test.each(['//[', '/%', '/?to=%FF&to=%zz'])('an address like %s is no accident', async (path) => {
  const { doors, make, post, end } = world();
  make(SITE);
  await doors.look();
  expect(await post(SITE, path)).toBe(202);
  await end();
});
