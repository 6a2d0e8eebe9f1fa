import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { ready, TOKEN_FILE } from './agent.ts';
import { must, run } from './server.ts';

/* The filter as fail2ban's own tool reads it, over what the API has written into the journal. */

const { serverName } = JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as { serverName: string };
const certificate = readFileSync('/etc/sculptor/tls/server.crt');
const FILTER = '/etc/fail2ban/filter.d/sculptor-api.conf';
const FORGED = '203.0.113.9';

beforeAll(async () => {
  await ready();
  must('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '--quiet', '--yes', 'fail2ban']);
  must(`${process.cwd()}/scripts/install.sh`, ['--yes']);
});

type Sent = Readonly<Record<string, string>>;

/** A request over TLS from one of this machine's own addresses; gives the status. */
function from(address: string, headers: Sent, path = '/v1/server'): Promise<number> {
  const target = { host: address.includes(':') ? '::1' : '127.0.0.1', localAddress: address, port: 443 };
  const name = { servername: serverName, ca: certificate };
  return new Promise((resolve, reject) => {
    request(
      { ...target, ...name, path, headers: { host: serverName, ...headers }, agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    )
      .on('error', reject)
      .end();
  });
}

/** The addresses that fail2ban would count, each as often as it would. */
function counted(log = 'systemd-journal'): readonly string[] {
  return must('fail2ban-regex', ['--out', 'ip', log, FILTER]).split('\n').filter(Boolean).sort();
}

const wrong = { authorization: `Bearer sculptor_${'A'.repeat(43)}` };

test('the filter comes where fail2ban is', () => {
  expect(must('stat', ['--format=%U:%G %a', FILTER]).trim()).toBe('root:root 644');
});

test('a refused login counts for the address that it came from, a good one and none at all for nobody', async () => {
  const before = counted();
  expect(await from('127.0.0.21', wrong)).toBe(401);
  expect(await from('::1', wrong)).toBe(401);
  expect(
    await from('127.0.0.22', { authorization: `Bearer ${readFileSync(TOKEN_FILE, 'utf8').trim()}` }),
  ).toBe(200);
  expect(await from('127.0.0.23', {})).toBe(401);
  expect(counted()).toEqual([...before, '127.0.0.21', '::1'].sort());
});

const line = (address: string) =>
  `{"level":"warn","time":"2026-01-01T00:00:00.000Z","process":"api","address":"${address}","sent":"unknown","msg":"refused a login"}`;
const injected = `","address":"${FORGED}","sent":"unknown","msg":"refused a login"}`;

const SERVER = '/v1/server';

test.each<[string, Sent, string]>([
  ['X-Forwarded-For', { 'x-forwarded-for': FORGED }, SERVER],
  ['a list of them', { 'x-forwarded-for': `${FORGED}, 127.0.0.24` }, SERVER],
  ['other headers for it', { 'x-real-ip': FORGED, forwarded: `for=${FORGED}`, 'client-ip': FORGED }, SERVER],
  ['a line in the address', {}, `/v1/${encodeURIComponent(line(FORGED))}`],
  ['a line after a line feed in the address', {}, `/v1/%0A${encodeURIComponent(line(FORGED))}`],
  ['quotation marks in the address', {}, `/v1/x${injected.replaceAll(' ', '%20')}`],
  ['a line in the name of its program', { 'user-agent': line(FORGED) }, SERVER],
  ['a line in its token', { authorization: `Bearer ${line(FORGED).replaceAll(' ', '')}` }, SERVER],
  ['a line in its key', { 'idempotency-key': injected, 'x-request-id': randomUUID() + injected }, SERVER],
])('nothing that a caller sends makes another’s address count: %s', async (_, headers, path) => {
  const before = counted();
  await from('127.0.0.24', { ...wrong, ...headers }, path);
  const now = counted();
  expect(now).not.toContain(FORGED);
  expect(now.length).toBeGreaterThanOrEqual(before.length);
  expect(new Set(now)).toEqual(new Set([...before, ...(now.length > before.length ? ['127.0.0.24'] : [])]));
});

test('the log that Supervisor keeps is read the same way, and its lines are dated', () => {
  const log = '/run/sculptor-api-log';
  const injectedLine = line(`127.0.0.1${injected}`);
  must(
    'tee',
    [log],
    [line('198.51.100.7'), line('2001:db8::7'), injectedLine, line('socket'), ''].join('\n'),
  );
  expect(counted(log)).toEqual(['198.51.100.7', '2001:db8::7']);
  expect(run('fail2ban-regex', [log, FILTER]).out).toMatch(/Date template hits:\n.*\n.*\[4\] /);
  must('rm', [log]);
});
