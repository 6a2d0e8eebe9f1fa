import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { accepted, createDomain, ended, ready, unique } from './agent.ts';
import { makeCertificates, NAME, TLS } from './mail-certificates.ts';
import { as, must, rootSql, run } from './server.ts';
import { freePort, LOGIN, startHost, type Host } from './smtp-host.ts';

/* What happens on the server goes out by mail, to a real mail host with TLS and a login: to whom root says, and to nobody else. */

const ADMIN = 'admin@there.example';
const HEALTH = '/etc/sculptor/health.json';
const COUNTS = '/var/lib/sculptor-mail/counts/agent-operations.json';
const SOCKET = '/var/lib/sculptor-mail/sites/agent/socket';
const NOBODY = { ...{ cpu: null, memory: null, load: null, disk: null }, certificate: null };
const AT_ONCE = { alarms: { ...NOBODY, service: { minutes: 0 }, siteSlow: null, siteDown: null } };

let port: number;
let host: Host;
const start = () => startHost({ port, secure: false, key: `${TLS}/host.key`, cert: `${TLS}/host.crt` });

beforeAll(async () => {
  await ready();
  makeCertificates();
  appendFileSync('/etc/hosts', `127.0.0.1 ${NAME}\n`);
  writeFileSync(HEALTH, JSON.stringify(AT_ONCE));
  port = await freePort();
  host = await start();
  const words = ['mail', 'set', NAME, '--port', String(port), '--user', LOGIN.user];
  must('sculptorctl', [...words, '--sender-domain', 'sent.example'], `${LOGIN.password}\n`);
});

afterAll(async () => {
  run('systemctl', ['start', 'cron.service', 'sculptor-mailer.service']);
  run('sculptorctl', ['mail', 'notify', ADMIN, 'off']);
  run('sculptorctl', ['mail', 'off']);
  rmSync(HEALTH, { force: true });
  await host.close();
});

const notify = (...words: readonly string[]) => must('sculptorctl', ['mail', 'notify', ...words]);
const subjectOf = (text: string) =>
  (/^Subject: (.*(?:\r\n .*)*)/m.exec(text)?.[1] ?? '').replace(/\r\n /g, ' ');
const subjects = (words: RegExp) =>
  host.got.map(({ text }) => subjectOf(text)).filter((one) => words.test(one));

/** Waits as long as the test may last. */
async function arrived(words: RegExp, count = 1): Promise<void> {
  while (subjects(words).length < count) await pause(100);
}

/** An operation that fails: what was there before us is never adopted. */
async function failOne(name = `${unique('foreign')}.example`): Promise<string> {
  mkdirSync(`/home/www/${name}`);
  const { status } = await ended(await accepted('POST', '/v1/domains', { body: { name } }));
  rmSync(`/home/www/${name}`, { recursive: true });
  expect(status).toBe('failed');
  return name;
}

const failed = (name: string) => new RegExp(`operation\\.failed: domain\\.create of ${name}`);
const open = () =>
  Number(
    rootSql(`SELECT COUNT(*) FROM sculptor.mail_notice n
      LEFT JOIN sculptor.mail_notice_end e ON e.notice = n.seq WHERE e.notice IS NULL`),
  );

test('a test is a letter, from the server itself and over TLS with the login', async () => {
  expect(run('sculptorctl', ['mail', 'test']).err).toContain('Nobody is told of anything by mail.');
  notify(
    ADMIN,
    '--events',
    'notification.alarm,notification.alarm_over,operation.failed',
    '--per-hour',
    '50',
  );
  expect(must('sculptorctl', ['mail', 'test'])).toContain(ADMIN);
  await arrived(/./);
  expect(host.got).toMatchObject([{ from: 'sculptor@sent.example', to: [ADMIN], user: LOGIN.user }]);
  expect(host.got[0]?.text).toContain('\r\nThis is a test: mail of this server reaches you.\r\n');
});

test('a service that is stopped is one letter, and one when it runs again, whoever of the agent starts anew', async () => {
  must('systemctl', ['stop', 'cron.service']);
  await arrived(/notification\.alarm: cron is/);
  must('systemctl', ['kill', '--signal=KILL', 'sculptor-worker-unprivileged.service']);
  must('systemctl', ['start', 'cron.service']);
  await arrived(/notification\.alarm_over: cron/);
  must('systemctl', ['restart', 'sculptor-worker-unprivileged.service', 'sculptor-mailer.service']);
  // All of the last day was looked at again, and what came after it is here.
  await arrived(failed(await failOne()));
  expect(subjects(/cron/)).toEqual([
    expect.stringContaining('notification.alarm: cron is'),
    expect.stringContaining('notification.alarm_over: cron'),
  ]);
});

test('of operations only that one is told that somebody wants to hear of', async () => {
  const { name } = await createDomain({ name: `${unique('well')}.example`, type: 'static' });
  await arrived(failed(await failOne()));
  expect(subjects(new RegExp(name))).toEqual([]);
});

test('a mailer that is stopped, and a worker that is killed meanwhile: the letter comes, once', async () => {
  must('systemctl', ['stop', 'sculptor-mailer.service']);
  const name = await failOne();
  must('systemctl', ['kill', '--signal=KILL', 'sculptor-worker-unprivileged.service']);
  must('systemctl', ['start', 'sculptor-mailer.service']);
  await arrived(failed(name));
  const after = await failOne();
  await arrived(failed(after));
  expect(subjects(failed(name))).toHaveLength(1);
});

test('a host that is away, and a mailer that is killed meanwhile: the letter comes, once', async () => {
  await host.close();
  const before = host.got;
  const name = await failOne();
  while (!/waiting +[1-9]/.test(must('sculptorctl', ['mail', 'show']))) await pause(100);
  must('systemctl', ['kill', '--signal=KILL', 'sculptor-mailer.service']);
  host = await start();
  host.got.push(...before);
  await arrived(failed(name));
  await arrived(failed(await failOne()));
  expect(subjects(failed(name))).toHaveLength(1);
});

test('more than an hour’s letters come in one when it is over, and nothing is lost', async () => {
  notify('--per-hour', '2');
  rmSync(COUNTS, { force: true });
  const names: string[] = [];
  for (let at = 0; at < 5; at += 1) names.push(await failOne());
  await arrived(failed(names[0]!));
  await arrived(failed(names[1]!));
  while (open() < 3) await pause(100);
  const said = () => must('journalctl', ['--no-pager', '--output=cat', '--unit=sculptor-mailer']);
  while (!said().includes('2 letters were written in this hour')) await pause(100);
  expect(subjects(/3 notifications/)).toEqual([]);
  // An hour later.
  const minutes = JSON.parse(readFileSync(COUNTS, 'utf8')) as [number, number][];
  writeFileSync(COUNTS, JSON.stringify(minutes.map(([at, count]) => [at - 61, count])));
  await arrived(/3 notifications: 3 operation\.failed/);
  const digest = host.got.at(-1)?.text.replaceAll('=\r\n', '') ?? '';
  for (const name of names.slice(2)) expect(digest).toContain(name);
  while (open() > 0) await pause(100);
  expect(names.flatMap((name) => subjects(failed(name)))).toHaveLength(2);
  notify('--per-hour', '50');
});

const ask = (user: string, ...words: readonly string[]) =>
  as(user, '/usr/bin/curl', '--silent', '--show-error', '--unix-socket', SOCKET, 'http://mailer/', ...words);

test('nobody but www-data reaches its way to the mailer, and it puts nothing in its place', async () => {
  const { id } = await createDomain({ name: `${unique('thief')}.example` });
  for (const user of [`s-${id}`, 'www', 'nginx', 'sculptor'])
    expect([user, ask(user).code]).toEqual([user, 7]);
  expect(ask('www-data').code).toBe(0);
  const tried: readonly (readonly [string, ...string[]])[] = [
    ['/usr/bin/rm', '-f', SOCKET],
    ['/usr/bin/touch', `${SOCKET}x`],
    ['/usr/bin/cat', '/etc/sculptor/mail/notify.json'],
    ['/usr/bin/ls', '/var/lib/sculptor-mail/told'],
    ['/usr/bin/ls', '/var/lib/sculptor-mail/sites'],
  ];
  for (const words of tried) expect([words, as('www-data', ...words).code]).not.toEqual([words, 0]);
});

test('who has become www-data writes to whom root says alone, and begins no field of a header', async () => {
  expect(ask('www-data').out).not.toContain('@');
  const message = 'x\r\nBcc: victim@there.example\r\nTo: victim@there.example\r\n\r\nforged';
  const notice = (more: object = {}) => ({
    id: 'notification_666_1',
    event: {
      type: 'notification.alarm',
      timestamp: new Date().toISOString(),
      data: {
        ...{ notification: 666, kind: 'alarm', operation: null, message, tenant: null, server: 'default' },
        resource: { type: 'server', id: message.slice(0, 60), name: message },
      },
    },
    ...more,
  });
  const post = (body: object) =>
    ask('www-data', '--data', JSON.stringify(body), '--output', '/dev/null', '--write-out', '%{http_code}')
      .out;
  const before = host.got.length;
  for (const to of [{ to: ['victim@there.example'] }, { recipients: ['victim@there.example'] }]) {
    expect(post({ notices: [notice()], ...to })).toBe('400');
    expect(post({ notices: [notice(to)] })).toBe('400');
  }
  expect(post({ notices: [notice()] })).toBe('202');
  expect(post({ notices: [notice()] })).toBe('202');
  await arrived(failed(await failOne()));
  expect(host.got.slice(before)).toHaveLength(2);
  const forged = host.got.find(({ text }) => text.includes('666'));
  expect(forged?.to).toEqual([ADMIN]);
  const header = forged?.text.slice(0, forged.text.indexOf('\r\n\r\n')) ?? '';
  expect(header).not.toMatch(/^Bcc:/m);
  expect(header.match(/^To:.*/gm)).toEqual([`To: ${ADMIN}`]);
  expect(host.got.flatMap(({ to }) => to).filter((one) => one !== ADMIN)).toEqual([]);
});

test('doctor is content with it, and the password is in nothing that is said', () => {
  expect(run('sculptorctl', ['doctor']).out).not.toMatch(/^WRONG.*mail/im);
  expect(must('journalctl', ['--no-pager', '--output=cat'])).not.toContain(LOGIN.password);
  expect(notify(ADMIN, 'off')).toContain('told of events    nobody');
});
