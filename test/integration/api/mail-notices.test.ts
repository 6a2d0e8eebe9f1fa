import { mkdirSync, chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createDoors, type Doors } from '../../../mailer/doors.ts';
import { createNoticeReception } from '../../../mailer/notice-reception.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { forgetNotices } from '../../../state/mail-notices.ts';
import { createMailerDoor } from '../../../worker-unprivileged/mailer-door.ts';
import type { MailerDoor } from '../../../worker-unprivileged/mailer-door.ts';
import { createMailing } from '../../../worker-unprivileged/mailing.ts';
import { HOUR, noticeWorld } from '../../unit/mailer/notice-world.ts';
import { LIVE, operationId, SERVER, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';

/* The unprivileged worker with its own account, and the mailer's own side behind a socket; only its host is not there. */

const MINUTE = 60_000;
const FAILED = {
  resource: 'failed',
  status: 'failed',
  failure: { code: 'not_live', message: 'No answer.', hint: 'Look.' },
} as const;

let agent: Agent;
let state: State;
let world: ReturnType<typeof noticeWorld>;
let doors: Doors | undefined;
let lines: string[];
let mail: () => Promise<void>;
beforeAll(async () => {
  agent = await startAgent();
  state = openState(agent.servers.state('www-data'));
});
afterAll(async () => {
  await state.close();
  await agent.stop();
});

beforeEach(async () => {
  for (const table of ['mail_notice', 'mail_notice_end', 'notification', 'operation'])
    agent.servers.sql(`DELETE FROM sculptor.${table}`);
  world = noticeWorld();
  world.clock.now = Date.now();
  mkdirSync(join(world.folder, 'sites'));
  mkdirSync(join(world.folder, 'sites', 'agent'));
  chmodSync(join(world.folder, 'sites', 'agent'), 0o2750);
  world.tell({ address: 'a@there.example' });
  lines = [];
  mail = startWorker();
  await startMailer();
  await mail();
});
afterEach(async () => {
  await stopMailer();
  world.end();
});

const socketPath = () => join(world.folder, 'sites', 'agent', 'socket');
const logger = createLogger('worker-unprivileged', { write: (line) => lines.push(line) });

function startWorker(change: Partial<MailerDoor> = {}): () => Promise<void> {
  const mailer = { ...createMailerDoor(socketPath()), ...change };
  return createMailing({ server: SERVER, state, mailer, logger, now: () => world.clock.now });
}

async function startMailer(): Promise<void> {
  const reception = createNoticeReception({
    notices: await world.start(),
    sayRefused: () => undefined,
    logger: createLogger('mailer', { write: () => undefined }),
  });
  doors = createDoors({
    folder: join(world.folder, 'sites'),
    uid: process.getuid!(),
    welcome: (connection) => void reception.emit('connection', connection),
    logger,
  });
  await doors.look();
}

async function stopMailer(): Promise<void> {
  await doors?.close();
  rmSync(socketPath(), { force: true });
}

function alarm(message: string): void {
  agent.servers
    .sql(`INSERT INTO sculptor.notification (kind, resource_type, resource_id, resource_name, server, message)
    VALUES ('alarm', 'server', 'default', 'host.example', 'default', '${message}')`);
}

async function end(name: string, ending: Parameters<Agent['end']>[1]): Promise<string> {
  const asked = await agent.call('POST', '/v1/domains', { body: { name } });
  const id = operationId(asked);
  await agent.end(id, ending);
  return id;
}

async function letters(): Promise<string[]> {
  const contents = world.written.map(async ({ id }) => (await world.spool.content(id)).toString());
  return (await Promise.all(contents)).map((text) => /^Subject: (.*(?:\r\n .*)*)/m.exec(text)?.[1] ?? '');
}

const outcomes = () =>
  agent.servers.sql(`SELECT n.event_id, IFNULL(e.outcome, 'open') FROM sculptor.mail_notice n
    LEFT JOIN sculptor.mail_notice_end e ON e.notice = n.seq ORDER BY n.seq`);
const ends = () => outcomes().map(([, outcome]) => outcome);

test('an alarm and an ended operation are a letter each, once, whoever starts anew', async () => {
  alarm('cron is failed.');
  const operation = await end('one.example', FAILED);
  await mail();
  await mail();
  await startWorker()();
  await stopMailer();
  await startMailer();
  await startWorker()();
  expect((await letters()).sort()).toEqual([
    '[host.example] notification.alarm: cron is failed.',
    expect.stringContaining('operation.failed: domain.create of one.example'),
  ]);
  expect(outcomes()).toEqual(
    expect.arrayContaining([
      [expect.stringMatching(/^notification_/), 'delivered'],
      [`operation_${operation}`, 'delivered'],
    ]),
  );
});

test('only what somebody is told of is written down, and nothing of before', async () => {
  world.tell({ address: 'a@there.example', events: ['operation.failed'] });
  alarm('cron is failed.');
  await end('two.example', LIVE);
  await mail();
  expect(outcomes()).toEqual([]);
  world.tell({ address: 'a@there.example', since: new Date(Date.now() + HOUR).toISOString() });
  await startWorker()();
  expect([outcomes(), await letters()]).toEqual([[], []]);
});

test('a mailer that is away for hours is waited for, and is told of all of it', async () => {
  await stopMailer();
  alarm('first');
  await mail();
  await end('three.example', FAILED);
  world.clock.now += 10 * HOUR;
  await mail();
  expect(ends()).toEqual(['open', 'open']);
  await startMailer();
  world.clock.now += MINUTE;
  await mail();
  expect(await letters()).toHaveLength(2);
  expect(ends()).toEqual(['delivered', 'delivered']);
  expect(lines.filter((line) => line.includes('not well'))).toHaveLength(1);
});

test('a worker that dies between handing over and noting it hands over again, and nobody hears of it twice', async () => {
  const door = createMailerDoor(socketPath());
  alarm('once');
  await startWorker({
    hand: async (notices) => {
      await door.hand(notices);
      throw new Error('killed');
    },
  })();
  expect([ends(), await letters()]).toEqual([['open'], ['[host.example] notification.alarm: once']]);
  await startWorker()();
  expect(ends()).toEqual(['delivered']);
  expect(await letters()).toHaveLength(1);
});

test('what is too much for an hour comes in one letter when it is over, all of it', async () => {
  world.set.notices = { ...world.set.notices, perHour: 2 };
  for (let at = 1; at <= 7; at += 1) alarm(`alarm ${at}`);
  await mail();
  expect(ends()).toEqual(['delivered', 'delivered', ...Array.from({ length: 5 }, () => 'open')]);
  world.clock.now += 30 * MINUTE;
  await mail();
  alarm('alarm 8');
  await mail();
  expect(await letters()).toHaveLength(2);
  world.clock.now += 31 * MINUTE;
  await mail();
  expect((await letters())[2]).toBe('[host.example] 6 notifications: 6 notification.alarm');
  const digest = (await world.spool.content(world.written[2]!.id)).toString();
  for (let at = 3; at <= 8; at += 1) expect(digest).toContain(`alarm ${at} `);
  expect(new Set(ends())).toEqual(new Set(['delivered']));
  alarm('alarm 9');
  await mail();
  expect((await letters())[3]).toBe('[host.example] notification.alarm: alarm 9');
});

test('operations that fail, more of them than an hour has letters, keep no alarm', async () => {
  world.set.notices = { ...world.set.notices, perHour: 1 };
  for (const name of ['f1.example', 'f2.example', 'f3.example']) await end(name, FAILED);
  await mail();
  alarm('cron is failed.');
  world.clock.now += 2 * MINUTE;
  await mail();
  expect((await letters())[1]).toBe('[host.example] notification.alarm: cron is failed.');
  expect(ends().filter((each) => each === 'delivered')).toHaveLength(2);
  world.clock.now += HOUR;
  await mail();
  expect((await letters())[2]).toMatch(/^\[host\.example\] 2 notifications: 2 operation\.failed/);
});

test('one that is nothing ends by itself, and those that go with it are told', async () => {
  world.set.notices = { ...world.set.notices, perHour: 1 };
  for (let at = 1; at <= 3; at += 1) alarm(`alarm ${at}`);
  await mail();
  // The mailer knows of no such word, though here it passes.
  const door = createMailerDoor(socketPath());
  const some = startWorker({
    hand: (notices) =>
      JSON.stringify(notices).includes('alarm 2') ? Promise.resolve({ kind: 'refused' }) : door.hand(notices),
  });
  await some();
  world.clock.now += HOUR;
  await some();
  expect(ends()).toEqual(['delivered', 'refused', 'delivered']);
});

test('what is not there has no end', async () => {
  await expect(
    state.run("INSERT INTO mail_notice_end (notice, outcome) VALUES (4000000000, 'late')"),
  ).rejects.toThrow('there is no such notice');
});

test('what the mailer fails at is tried again, and keeps nothing else', async () => {
  const door = createMailerDoor(socketPath());
  let broken = true;
  const some = startWorker({
    hand: (notices) =>
      broken && JSON.stringify(notices).includes('bad')
        ? Promise.resolve({ kind: 'failed' })
        : door.hand(notices),
  });
  alarm('bad');
  alarm('good');
  await some();
  expect(ends()).toEqual(['open', 'delivered']);
  broken = false;
  await some();
  expect(ends()).toEqual(['open', 'delivered']);
  world.clock.now += MINUTE;
  await some();
  expect(ends()).toEqual(['delivered', 'delivered']);
});

test('what is nothing of ours, and what nobody took for longer than a day, ends without a letter', async () => {
  await state.run(
    `INSERT INTO mail_notice (event_id, server, body) VALUES ('x', 'default', '{"to":"b@there.example"}')`,
  );
  await mail();
  expect(ends()).toEqual(['refused']);
  await stopMailer();
  alarm('late');
  await mail();
  await startMailer();
  world.clock.now += 27 * HOUR;
  await mail();
  expect([ends(), await letters()]).toEqual([['refused', 'late'], []]);
});

test('where nobody is told any more what waits ends', async () => {
  world.set.notices = { ...world.set.notices, perHour: 1 };
  alarm('one');
  alarm('two');
  await mail();
  world.tell();
  world.clock.now += 2 * MINUTE;
  await mail();
  expect(ends()).toEqual(['delivered', 'unwanted']);
});

test('after a week it is forgotten', async () => {
  alarm('old');
  await mail();
  const worker = openState(agent.servers.state('sculptor'));
  await forgetNotices(worker, 7);
  expect(ends()).toEqual(['delivered']);
  for (const table of ['mail_notice', 'mail_notice_end'])
    agent.servers.sql(`UPDATE sculptor.${table} SET created_at = created_at - INTERVAL 8 DAY`);
  await forgetNotices(worker, 7);
  await worker.close();
  for (const table of ['mail_notice', 'mail_notice_end'])
    expect(agent.servers.sql(`SELECT * FROM sculptor.${table}`)).toEqual([]);
});
