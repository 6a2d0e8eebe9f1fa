import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createDoors, type Doors } from '../../../mailer/doors.ts';
import { createNoticeReception } from '../../../mailer/notice-reception.ts';
import { createMailerDoor } from '../../../worker-unprivileged/mailer-door.ts';
import { alarm, ended, noticeWorld } from './notice-world.ts';

/* The whole way, from the worker's end of the socket to the spool. */

const logger = pino({ level: 'silent' });
const PAIR = { id: 'notification_1_1', event: alarm(1).event };

let world: ReturnType<typeof noticeWorld>;
let doors: Doors;
let folder: string;
let socketPath: string;

beforeEach(async () => {
  world = noticeWorld();
  world.tell({ address: 'a@there.example' });
  folder = mkdtempSync(join(tmpdir(), 'way-'));
  mkdirSync(join(folder, 'agent'));
  chmodSync(join(folder, 'agent'), 0o2750);
  socketPath = join(folder, 'agent', 'socket');
  const reception = createNoticeReception({
    notices: await world.start(),
    sayRefused: () => undefined,
    logger,
    bodyMs: 500,
  });
  doors = createDoors({
    folder,
    uid: process.getuid!(),
    welcome: (connection) => void reception.emit('connection', connection),
    logger,
  });
  await doors.look();
});
afterEach(async () => {
  await doors.close();
  rmSync(folder, { recursive: true });
  world.end();
});

function post(body: string, length = Buffer.byteLength(body)): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': length };
    const asked = request({ socketPath, method: 'POST', headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.write(body);
  });
}

test('the worker asks what is wanted, and hands over what happened', async () => {
  const door = createMailerDoor(socketPath);
  expect(await door.wanted()).toEqual([{ events: ['*'], since: '2026-01-01T00:00:00.000Z' }]);
  expect(await door.hand([alarm(1), ended('failed')])).toEqual({
    kind: 'taken',
    answer: { letters: 1, repeated: 0 },
  });
  expect(world.written).toMatchObject([{ to: ['a@there.example'] }]);
});

test('an hour that is full says when it is over', async () => {
  world.set.notices = { ...world.set.notices, perHour: 1 };
  const door = createMailerDoor(socketPath);
  await door.hand([alarm(1)]);
  expect(await door.hand([alarm(2)])).toEqual({ kind: 'full', seconds: 3600 });
});

test('a mailer that is not there, and one that has no host, are both away', async () => {
  world.set.mail = { ...world.set.mail, submission: null };
  expect(await createMailerDoor(socketPath).hand([alarm(1)])).toMatchObject({ kind: 'away' });
  expect(await createMailerDoor(`${socketPath}x`).hand([alarm(1)])).toMatchObject({ kind: 'away' });
  await expect(createMailerDoor(`${socketPath}x`).wanted()).rejects.toThrow();
});

const notices = (change: object, event: object = {}) => ({
  notices: [{ ...PAIR, ...change, event: { ...PAIR.event, ...event } }],
});

test.each([
  ['a recipient', { ...notices({}), to: ['b@there.example'] }],
  ['a recipient of one', notices({ to: 'b@there.example' })],
  ['a sender', notices({ from: 'b@there.example' })],
  ['a header', notices({}, { headers: { bcc: 'b@there.example' } })],
  ['an event that there is not', notices({}, { type: 'x\r\nBcc: b@there.example' })],
  ['a test of webhooks', notices({}, { type: 'webhook.test' })],
  ['an id with an end of line', notices({ id: 'x\nBcc: b@there.example' })],
  ['a moment that is none', notices({}, { timestamp: 'now\r\nBcc: b@there.example' })],
  ['a sentence without end', notices({}, { data: { ...PAIR.event.data, message: 'x'.repeat(501) } })],
  ['a text that is a file', notices({}, { data: { ...PAIR.event.data, message: { path: '/etc/passwd' } } })],
  ['nothing', { notices: [] }],
  ['more than may be at once', { notices: Array.from({ length: 201 }, () => PAIR) }],
  ['no object', 'x'],
])('%s is refused, and nothing written', async (_, body) => {
  expect(await post(JSON.stringify(body))).toBe(400);
  expect(await post(`${JSON.stringify(body)}}`)).toBe(400);
  expect(readdirSync(join(world.folder, 'spool'))).toEqual([]);
  expect(readdirSync(join(world.folder, 'counts'))).toEqual([]);
});

test('what is too long is not read, and what is cut off is nothing', async () => {
  expect(await post('x', 2 ** 20 + 1)).toBe(413);
  await expect(post(JSON.stringify(notices({})).slice(1), 500_000)).rejects.toThrow('hang up');
  expect(readdirSync(join(world.folder, 'spool'))).toEqual([]);
});
