import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { accepted, createDomain, ready, succeeded, unique, updateDomain } from './agent.ts';
import { as, must, page, place, run } from './server.ts';
import { makeCertificates, NAME, TLS } from './mail-certificates.ts';
import { emptySpool } from './mail-spool.ts';
import { freePort, LOGIN, startHost, type Host } from './smtp-host.ts';

/* mail() of PHP, through nginx and inside the sandbox of sites, to a real mail host with TLS and a login. */

const SENDMAIL = '/usr/lib/sculptor/sendmail';
const PAGE = `<?php
$to = $_POST['to']; $headers = $_POST['headers'] ?? '';
echo mail($to, $_POST['subject'] ?? 'Hello', "A line.\\n.\\n..two\\nend\\n", $headers, $_POST['more'] ?? '') ? 'sent' : 'refused';`;

let sites: { readonly one: Domain; readonly two: Domain; readonly pooled: Domain };
let ports: { readonly starttls: number; readonly tls: number };
let host: Host;

const folderOf = (id: string) => `/var/lib/sculptor-mail/sites/${id}`;
const start = (secure: boolean) =>
  startHost({
    port: secure ? ports.tls : ports.starttls,
    secure,
    key: `${TLS}/host.key`,
    cert: `${TLS}/host.crt`,
  });

function set(security: 'starttls' | 'tls', ...more: readonly string[]): void {
  const port = String(ports[security]);
  const words = ['mail', 'set', NAME, '--port', port, '--security', security, '--user', LOGIN.user, ...more];
  must('sculptorctl', words, `${LOGIN.password}\n`);
}

async function send(name: string, form: Readonly<Record<string, string>>): Promise<string> {
  const { visit } = await import('./server.ts');
  const answer = await visit(name, '/', { form });
  return answer === 'closed' ? 'closed' : answer.text;
}

async function arrived(at: Host, count: number): Promise<void> {
  while (at.got.length < count) await pause(50);
}

beforeAll(async () => {
  await ready();
  makeCertificates();
  appendFileSync('/etc/hosts', `127.0.0.1 ${NAME}\n`);
  ports = { starttls: await freePort(), tls: await freePort() };
  host = await start(false);
  sites = {
    one: await createDomain({ name: `${unique('one')}.example` }),
    two: await createDomain({ name: `${unique('two')}.example` }),
    pooled: await createDomain({ name: `${unique('pooled')}.example`, isolation: 'pool' }),
  };
  place(`s-${sites.one.id}`, `/home/www/${sites.one.name}/public/index.php`, PAGE);
  place(`s-${sites.two.id}`, `/home/www/${sites.two.name}/public/index.php`, PAGE);
  place('www', `/home/www/${sites.pooled.name}/public/index.php`, PAGE);
});

afterAll(async () => {
  await host.close();
  emptySpool();
});

test('without a host mail() is false, and says why', async () => {
  expect(await send(sites.one.name, { to: 'a@there.example' })).toBe('refused');
  const ran = as(`s-${sites.one.id}`, SENDMAIL, 'a@there.example');
  expect([ran.code, ran.err]).toEqual([
    69,
    'sendmail: No mail goes out from this server: nobody has set a host for it.\n',
  ]);
});

test('mail() goes out over TLS with the login, and its envelope names the site whatever the program says', async () => {
  set('starttls', '--sender-domain', 'sent.example');
  const headers = 'From: Shop <shop@shop.example>\r\nBcc: hidden@there.example\r\nX-Sculptor-Site: forged';
  expect(await send(sites.one.name, { to: 'a@there.example', headers, more: '-fceo@bank.example' })).toBe(
    'sent',
  );
  await arrived(host, 1);
  const [{ from, to, text, user }] = host.got as [Host['got'][number]];
  expect({ from, to: [...to].sort(), user }).toEqual({
    from: `s-${sites.one.id}@sent.example`,
    to: ['a@there.example', 'hidden@there.example'],
    user: LOGIN.user,
  });
  expect(text).toContain(`X-Sculptor-Site: ${sites.one.id}\r\n`);
  expect(text).toContain('From: Shop <shop@shop.example>\r\n');
  expect(text).not.toMatch(/forged|hidden|bank/);
  expect(text.slice(text.indexOf('\r\n\r\n'))).toBe('\r\n\r\nA line.\r\n.\r\n..two\r\nend\r\n\r\n');
});

test('each site is named, those of the shared user as one, and a command line of PHP is the site too', async () => {
  host.got.length = 0;
  expect(await send(sites.two.name, { to: 'b@there.example' })).toBe('sent');
  expect(await send(sites.pooled.name, { to: 'c@there.example' })).toBe('sent');
  const code = 'exit(mail("d@there.example", "x", "y") ? 0 : 1);';
  expect(as(`s-${sites.two.id}`, '/usr/bin/php', '-r', code).code).toBe(0);
  await arrived(host, 3);
  expect(host.got.map(({ from, to }) => [to[0], from]).sort()).toEqual([
    ['b@there.example', `s-${sites.two.id}@sent.example`],
    ['c@there.example', 'pool@sent.example'],
    ['d@there.example', `s-${sites.two.id}@sent.example`],
  ]);
});

test('implicit TLS does as well, from the moment that root sets it', async () => {
  const second = await start(true);
  set('tls');
  expect(await send(sites.one.name, { to: 'a@there.example' })).toBe('sent');
  await arrived(second, 1);
  expect(second.got[0]?.user).toBe(LOGIN.user);
  await second.close();
  set('starttls');
});

test.each([
  ['a line that begins a second header', { to: 'a@there.example', headers: 'Subject: two' }],
  [
    'a second list of hidden recipients',
    { to: 'a@there.example', headers: 'Bcc: b@there.example\r\nBcc: c@there.example' },
  ],
  [
    'a recipient with an end of line',
    { to: 'a@there.example\r\nBcc: b@there.example', headers: 'Bcc: c@there.example' },
  ],
  ['something that is no address', { to: 'a b@there.example>,<c' }],
  ['nobody', { to: '' }],
  ['a crowd', { to: Array.from({ length: 51 }, (_, n) => `n${n}@there.example`).join(',') }],
])('%s is refused, and nothing goes out', async (_, form) => {
  host.got.length = 0;
  expect(await send(sites.one.name, form)).toBe('refused');
  expect(await send(sites.one.name, { to: 'after@there.example' })).toBe('sent');
  await arrived(host, 1);
  expect(host.got.map(({ to }) => to)).toEqual([['after@there.example']]);
});

test('no other user reaches a site’s way to the mailer, and the site puts nothing in its place', () => {
  const socket = `${folderOf(sites.one.id)}/socket`;
  const ask = ['--silent', '--show-error', '--unix-socket', socket, 'http://mailer/', '--data', 'x'];
  for (const user of [`s-${sites.two.id}`, 'www', 'nginx', 'www-data', 'sculptor']) {
    expect([user, as(user, '/usr/bin/curl', ...ask).code]).toEqual([user, 7]);
    expect(as(user, '/usr/bin/ls', folderOf(sites.one.id)).code).not.toBe(0);
  }
  const own = `s-${sites.one.id}`;
  expect(as(own, '/usr/bin/curl', ...ask).code).toBe(0);
  expect(as(own, '/usr/bin/rm', '-f', socket).code).not.toBe(0);
  expect(as(own, '/usr/bin/touch', `${folderOf(sites.one.id)}/x`).code).not.toBe(0);
  expect(as(own, '/usr/bin/ls', '/var/lib/sculptor-mail/sites').code).not.toBe(0);
});

test('the password is readable by root and the mailer alone, and is in no log and no answer', () => {
  const file = '/etc/sculptor/mail/settings.json';
  expect(must('stat', ['--format=%U:%G %a', file]).trim()).toBe('root:sculptor-mail 640');
  for (const user of [`s-${sites.one.id}`, 'www', 'nginx', 'www-data', 'sculptor']) {
    expect([user, as(user, '/usr/bin/cat', file).code]).toEqual([user, 1]);
  }
  const said = [
    must('sculptorctl', ['mail', 'show']),
    must('sculptorctl', ['--json', 'mail', 'show']),
    must('journalctl', ['--no-pager', '--output=cat']),
    readFileSync('/var/lib/sculptor-root/audit.log', 'utf8'),
    must('sh', ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" " " || true']),
  ];
  for (const text of said) expect(text).not.toContain(LOGIN.password);
  expect(said[2]).not.toContain('A line.');
});

test('a host that is away, and a mailer that is killed meanwhile: nothing of what was taken is lost', async () => {
  await host.close();
  const names = Array.from({ length: 5 }, (_, n) => `late${n}@there.example`);
  for (const to of names) expect(await send(sites.one.name, { to })).toBe('sent');
  must('systemctl', ['kill', '--signal=KILL', 'sculptor-mailer.service']);
  expect(await send(sites.two.name, { to: 'late5@there.example' })).toBe('sent');
  host = await start(false);
  await arrived(host, 6);
  expect(host.got.map(({ to }) => to[0]).sort()).toEqual([...names, 'late5@there.example']);
  while (/waiting +[1-9]/.test(must('sculptorctl', ['mail', 'show']))) await pause(100);
});

test('a host whose certificate nobody vouches for gets nothing, nor does one with another name', async () => {
  host.got.length = 0;
  must('cp', ['/etc/ssl/certs/ca-certificates.crt', '/run/before.crt']);
  must('sh', ['-c', 'grep -v . /dev/null > /etc/ssl/certs/ca-certificates.crt || true']);
  expect(await send(sites.one.name, { to: 'later@there.example' })).toBe('sent');
  const said = () => must('journalctl', ['--no-pager', '--output=cat', '--unit=sculptor-mailer']);
  while (!said().includes('does not let the server in')) await pause(200);
  expect(host.got).toEqual([]);
  must('cp', ['/run/before.crt', '/etc/ssl/certs/ca-certificates.crt']);
  await arrived(host, 1);
});

test('what the host refuses for good is told in the log, and others get theirs', async () => {
  host.got.length = 0;
  expect(await send(sites.one.name, { to: 'nobody@there.example, a@there.example' })).toBe('sent');
  await arrived(host, 1);
  expect(host.got[0]?.to).toEqual(['a@there.example']);
  const said = () => must('journalctl', ['--no-pager', '--output=cat', '--unit=sculptor-mailer']);
  while (!/refused by its host for good/.test(said())) await pause(100);
  expect(said()).toMatch(/"recipient":"nobody@there\.example","code":550/);
});

test('in an hour a site writes to so many as root says, also after a new start, and its neighbour to its own', async () => {
  must('sculptorctl', ['mail', 'limit', sites.two.name, '4']);
  expect(await send(sites.two.name, { to: 'x@there.example' })).toBe('sent');
  must('systemctl', ['restart', 'sculptor-mailer.service']);
  expect(await send(sites.two.name, { to: 'y@there.example' })).toBe('refused');
  const { code, err } = as(`s-${sites.two.id}`, SENDMAIL, 'y@there.example');
  expect([code, err]).toEqual([69, 'sendmail: This site may write to 4 recipients an hour, and has.\n']);
  expect(await send(sites.one.name, { to: 'z@there.example' })).toBe('sent');
  must('sculptorctl', ['mail', 'limit', sites.two.name, 'default']);
  expect(await send(sites.two.name, { to: 'y@there.example' })).toBe('sent');
});

test('a site that is switched off or removed sends nothing, and sends again when it is back', async () => {
  const { id, name } = sites.two;
  const own = () => as(`s-${id}`, SENDMAIL, 'back@there.example').code;
  await updateDomain(id, { enabled: false });
  expect(run('test', ['-e', folderOf(id)]).code).toBe(1);
  expect(own()).toBe(69);
  await updateDomain(id, { enabled: true });
  expect(own()).toBe(0);
  await succeeded(await accepted('DELETE', `/v1/domains/${id}`));
  expect(run('test', ['-e', folderOf(id)]).code).toBe(1);
  await succeeded(await accepted('POST', `/v1/domains/${id}/restore`));
  expect(await send(name, { to: 'back@there.example' })).toBe('sent');
});

test('doctor is content with all of it', async () => {
  expect(await page(sites.one.name, '/')).toEqual([200, expect.anything()]);
  const { out } = run('sculptorctl', ['doctor']);
  expect(out).not.toMatch(/^WRONG.*mail/im);
  expect(must('sculptorctl', ['mail', 'off'])).toContain('no mail goes out');
  expect(readFileSync('/etc/sculptor/mail/settings.json', 'utf8')).not.toContain(LOGIN.password);
});
