import { setTimeout as pause } from 'node:timers/promises';
import { api, ready, unique, updateDomain } from '../machine/agent.ts';
import { must, page, place, run } from '../machine/server.ts';
import { refused } from './attempt.ts';
import { API, as, createSite, script, SCULPTOR, shellOf, WWW, type Site, type Thief } from './thieves.ts';

/* What a site with a program of its own can have nginx do, and what its neighbours can do to it. */

let victim: Site;
let site: Site;
let shell: Thief;
const socketOf = ({ home }: Site) => `${home}/tmp/app.sock`;
const relayOf = ({ id }: Site) => `/run/sculptor-relay/${id}.sock`;
const SERVER = `require('http').createServer((q, s) => s.end('of the neighbour')).listen(process.env.PORT)`;

beforeAll(async () => {
  await ready();
  must('env', [
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    'install',
    '-qy',
    '--no-install-recommends',
    'nodejs',
  ]);
  victim = await createSite({ type: 'node', start: ['node', '-e', SERVER] });
  site = await createSite({ type: 'proxy' });
  shell = shellOf(site);
  while ((await page(victim.name))[0] !== 200) await pause(200);
});

const DENIED = expect.stringMatching(/^(EACCES|EPERM|ENOENT)$/) as string;

function connects(thief: Thief, path: string): unknown {
  return script(
    thief,
    `return new Promise((resolve, reject) => {
      const socket = require('net').connect('${path}', () => resolve('in'));
      socket.on('error', reject);
    });`,
  );
}

test.each([
  ['the API', () => '/run/sculptor/api.sock'],
  ['a neighbour’s relay', () => relayOf(victim)],
  ['a neighbour’s program', () => socketOf(victim)],
  ['a neighbour’s PHP', () => `/run/sculptor-php/${victim.id}.sock`],
  ['nginx’s listener of probes', () => '/run/sculptor-probe/http.sock'],
])('rows 24 and 41: a link in the place of its socket does not lead nginx to %s', async (_, target) => {
  await refused(
    [24, 41],
    [
      {
        what: 'a visitor asks what the link leads to',
        act: async () => {
          as(shell, 'ln', '-sfn', target(), socketOf(site));
          return (await page(site.name, '/v1/health/live'))[0];
        },
        refusal: 502,
      },
    ],
    [site.home],
  );
});

test('row 41: nobody but nginx and the site speaks to its program, or takes its place', async () => {
  const thieves = [shell, WWW, API, SCULPTOR];
  await refused(
    41,
    thieves.flatMap((thief) => [
      {
        what: `${thief.name} connects`,
        act: () => connects(thief, socketOf(victim)),
        refusal: { error: DENIED },
      },
      {
        what: `${thief.name} takes the place of the program`,
        act: () => as(thief, 'ln', '-sfn', '/tmp/x', socketOf(victim)).code,
        refusal: 1,
      },
      {
        what: `${thief.name} takes the place of the relay`,
        act: () => as(thief, 'ln', '-sfn', '/tmp/x', relayOf(victim)).code,
        refusal: 1,
      },
    ]),
  );
  await refused(
    41,
    thieves.map((thief) => ({
      what: `${thief.name} connects to the relay`,
      act: () => connects(thief, relayOf(victim)),
      refusal: { error: DENIED },
    })),
  );
  expect(await page(victim.name)).toEqual([200, 'of the neighbour']);
});

test('row 45: a site that takes all of its relay’s visitors leaves its neighbour’s as they are', async () => {
  place(
    site.user,
    `${site.home}/private/hang.js`,
    `require('net').createServer(() => {}).listen(process.argv[2])`,
  );
  as(shell, 'rm', '-f', socketOf(site));
  const hang = run('systemd-run', [
    ...['--quiet', '--unit=hang', `--uid=${site.user}`],
    ...['node', `${site.home}/private/hang.js`, socketOf(site)],
  ]);
  expect(hang.code).toBe(0);
  const client = `const net = require('net'); let n = 0;
    for (let i = 0; i < 400; i++) net.connect(80, '127.0.0.1', function () {
      this.write('GET / HTTP/1.1\\r\\nHost: ${site.name}\\r\\n\\r\\n'); if (++n === 400) console.log('all'); })
      .on('error', () => {});
    setTimeout(() => process.exit(), 8000);`;
  must('systemd-run', ['--quiet', '--unit=many', 'node', '-e', client]);
  await pause(2000);
  for (let round = 0; round < 20; round += 1)
    expect(await page(victim.name)).toEqual([200, 'of the neighbour']);
  must('systemctl', ['stop', 'hang.service', 'many.service']);
});

test('row 4: no directive comes in by the address that visitors are sent to', async () => {
  const name = `${unique('sent')}.example`;
  const bad = [
    ...[
      ' ',
      '"',
      "'",
      ';',
      '{',
      '}',
      '$host',
      '\\',
      '\n',
      '\r',
      '\t',
      '\0',
      '#',
      '?',
      '\u2028',
      '\u007f',
    ].map((sign) => `https://other.example/a${sign}b`),
    ...['javascript:alert(1)', '//other.example', 'https://', 'https://a b.example', 'ftp://other.example'],
    ...[
      'https://user@other.example',
      'https://other.example:99999',
      'https://other.example:0',
      'https://[::1]/',
    ],
  ];
  await refused(
    4,
    bad.map((to) => ({
      what: JSON.stringify(to),
      act: async () =>
        (
          await api('POST', '/v1/domains', {
            body: { name, type: 'redirect', options: { redirect: { to } } },
          })
        ).status,
      refusal: 422,
    })),
  );
});

test('row 33: what a visitor says of itself does not reach the program as nginx’s word', async () => {
  const echo = `require('http').createServer((q, s) => s.end(JSON.stringify(q.headers))).listen(process.env.PORT)`;
  const told = await createSite({ type: 'node', start: ['node', '-e', echo] });
  while ((await page(told.name))[0] !== 200) await pause(200);
  const forged = [
    'X-Forwarded-For',
    'X-Real-IP',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'Forwarded',
    'X_Forwarded_For',
  ];
  const said = must('curl', [
    ...['--silent', '--header', `Host: ${told.name}`, 'http://127.0.0.1/'],
    ...forged.flatMap((header) => ['--header', `${header}: 6.6.6.6`]),
    ...['--header', 'Connection: X-Forwarded-For, close'],
  ]);
  expect(said).not.toContain('6.6.6.6');
  expect(JSON.parse(said)).toMatchObject({ 'x-forwarded-for': '127.0.0.1' });
  await updateDomain(told.name, { type: 'static' });
});
