import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { Certificate } from '../../contract/site-parts.ts';
import { createAuthority, type Brought } from '../fakes/authority.ts';
import { accepted, api, createDomain, ended, ready, succeeded, unique, updateDomain } from './agent.ts';
import { as, must, page, place, rootSql, run, sculptorctl, visitTls } from './server.ts';
import { underLoad } from './under-load.ts';

/* Sites over TLS, as a visitor comes: a real handshake, with a real certificate. */

jest.setTimeout(180_000);
const authority = createAuthority();

beforeAll(ready);

async function made(body: object = {}): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('tls')}.example`, ...body });
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/index.html`, `page of ${domain.name}`);
  return domain;
}

const at = (domain: Pick<Domain, 'id'>) => `/v1/domains/${domain.id}/certificate`;
const put = async (domain: Pick<Domain, 'id'>, body: object) =>
  succeeded(await accepted('PUT', at(domain), { body }));
const read = async (domain: Pick<Domain, 'id'>) => Certificate.parse((await api('GET', at(domain))).json);
const custom = ({ chain, key }: Brought) => ({ kind: 'custom', chain, key });

/** SHA-256 of what is shown to whoever says that name, or what the handshake ended with. */
function shown(servername: string, more: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: 443, servername, rejectUnauthorized: false, ...more };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase());
      socket.destroy();
    });
    socket.on('error', ({ code = 'an error' }: { code?: string }) => resolve(code));
  });
}

const REFUSED = 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR';

/** Status and body over TLS; an error's code where there was no answer. */
async function page443(name: string): Promise<readonly [number, string]> {
  try {
    const { status, text } = await visitTls(name);
    return [status, text];
  } catch (error) {
    return [0, (error as { code?: string }).code ?? 'an error'];
  }
}

test('a site without one is shown nothing, with one its own page, and without it nothing again', async () => {
  const domain = await made();
  expect(await shown(domain.name)).toBe(REFUSED);
  const { steps } = await put(domain, { kind: 'self-signed' });
  expect(steps.map(({ name }) => name)).toContain(`ask ${domain.name} over TLS`);
  expect(await shown(domain.name)).toBe((await read(domain)).served?.fingerprint);
  expect(await page443(domain.name)).toEqual([200, `page of ${domain.name}`]);
  await put(domain, { kind: 'none' });
  expect(await shown(domain.name)).toBe(REFUSED);
  await put(domain, { kind: 'self-signed' });
  await succeeded(await accepted('DELETE', at(domain)));
  expect(await shown(domain.name)).toBe(REFUSED);
  expect(await page(domain.name)).toEqual([200, `page of ${domain.name}`]);
});

test('a browser that knows the authority trusts one that was brought along, by HTTP/2', async () => {
  const alias = `www.${unique('tls')}.example`;
  const domain = await made({ aliases: [alias] });
  await put(domain, custom(authority.issue({ names: [domain.name] })));
  const curl = [
    '--silent',
    '--cacert',
    '/root/authority.pem',
    '--write-out',
    ' %{http_code} %{http_version}',
  ];
  const to = ['--resolve', `${domain.name}:443:127.0.0.1`, `https://${domain.name}/`];
  writeFileSync('/root/authority.pem', authority.root);
  expect(must('curl', [...curl, ...to])).toBe(`page of ${domain.name} 200 2`);
  expect((await read(domain)).served).toMatchObject({
    ...{ kind: 'custom', names: [domain.name], issuer: 'CN=Tests CA' },
    leftOut: [{ name: alias, reason: 'The certificate is not for this name.' }],
  });
  const chain = must('openssl', [
    ...['s_client', '-connect', '127.0.0.1:443', '-servername', domain.name, '-showcerts'],
  ]);
  expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('sculptorctl reads a key from a file or from standard input, and shows what is left', async () => {
  const domain = await made();
  const { chain, key } = authority.issue({ names: [domain.name] });
  must('sh', ['-c', 'umask 077; cat >/root/chain.pem'], chain);
  const set = [
    'certificate',
    'set',
    domain.name,
    '--kind',
    'custom',
    '--chain',
    '/root/chain.pem',
    '--key',
    '-',
  ];
  expect(run('sculptorctl', set, key)).toMatchObject({ code: 0 });
  expect(sculptorctl('certificate', 'show', domain.name).out).toMatch(/until .*, (89|90) days left/);
  expect(sculptorctl('certificate', 'list').out).toMatch(new RegExp(`${domain.name} +custom +(89|90) +live`));
  const wrong = run('sculptorctl', set, authority.issue({ names: [domain.name] }).key);
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('key') as string]);
});

test('it follows its site: names, another server block, switched off, trash and back', async () => {
  const domain = await made();
  await put(domain, { kind: 'self-signed' });
  const alias = `${unique('alias')}.example`;
  await updateDomain(domain.id, { aliases: [alias] });
  const { served } = await read(domain).then((certificate) => seenSoon(domain, certificate, 2));
  expect(served?.names).toEqual([domain.name, alias]);
  for (const name of [domain.name, alias]) expect(await shown(name)).toBe(served?.fingerprint);
  await updateDomain(domain.id, { options: { bodyBytes: 4096 } });
  expect(await page443(alias)).toEqual([200, `page of ${domain.name}`]);
  await updateDomain(domain.id, { enabled: false });
  expect((await page443(alias))[0]).toBe(503);
  await succeeded(await accepted('DELETE', `/v1/domains/${domain.id}`));
  expect(await shown(alias)).toBe(REFUSED);
  await succeeded(await accepted('POST', `/v1/domains/${domain.id}/restore`));
  expect(await shown(alias)).toBe(served?.fingerprint);
});

/** The worker looks once a minute how certificates stand that changed with their site. */
async function seenSoon(domain: Domain, certificate: Certificate, names: number): Promise<Certificate> {
  if (certificate.served?.names.length === names) return certificate;
  await pause(1000);
  return seenSoon(domain, await read(domain), names);
}

test('another certificate under load fails no request, here and at a neighbour', async () => {
  const [domain, neighbour] = [await made(), await made()];
  for (const one of [domain, neighbour]) await put(one, { kind: 'self-signed' });
  const asked = ({ name }: Domain) => ({
    host: name,
    path: '/',
    tls: true,
    expected: new RegExp(`page of ${name}`),
  });
  const seen = await underLoad([{ ...asked(domain), handshakeAgain: true }, asked(neighbour)], async () => {
    for (let times = 0; times < 3; times += 1) {
      await put(domain, custom(authority.issue({ names: [domain.name] })));
      await put(domain, { kind: 'self-signed' });
      await succeeded(await accepted('POST', `${at(domain)}/renew`));
    }
  });
  expect(seen.map(({ failed }) => failed)).toEqual([[], []]);
  for (const load of seen) expect(load.asked).toBeGreaterThan(20);
});

test('keys are readable for root and nginx alone, and former ones are gone', async () => {
  const domain = await made();
  await put(domain, { kind: 'self-signed' });
  await succeeded(await accepted('POST', `${at(domain)}/renew`));
  const folder = `/etc/sculptor/certificates/${domain.id}`;
  const kept = readdirSync(folder).filter((name) => name !== 'facts.json');
  expect(kept).toEqual([(await read(domain)).served?.fingerprint]);
  const rights = must('stat', ['--format=%U:%G %a', `${folder}/${kept[0]}/key.pem`, folder]);
  expect(rights).toBe('root:nginx 640\nroot:nginx 2750\n');
  for (const user of ['www-data', 'sculptor', `s-${domain.id}`, 'www'])
    expect(as(user, 'cat', `${folder}/${kept[0]}/key.pem`).code).not.toBe(0);
  expect(statSync('/etc/sculptor/seal.key').mode & 0o777).toBe(0o600);
});

test('a private key that was brought along is in no log, no state and no file but its own', async () => {
  const domain = await made();
  const { chain, key } = authority.issue({ names: [domain.name] });
  await put(domain, custom({ chain, key }));
  const line = key.split('\n')[1] ?? '';
  expect(rootSql('SELECT spec FROM sculptor.site_part_version')).not.toContain(line);
  const folders = ['/etc', '/var/log', '/var/lib/sculptor-root', '/var/lib/sculptor-redis', '/var/lib/mysql'];
  const { out } = run('grep', [
    '--recursive',
    '--files-with-matches',
    '--text',
    '--fixed-strings',
    '-e',
    line,
    ...folders,
  ]);
  expect(out.split('\n').filter(Boolean)).toEqual([expect.stringMatching(/\/key\.pem$/) as string]);
});

test('one that cannot be shown is not said to be there: the operation fails, and the former one stays', async () => {
  const domain = await made();
  await put(domain, { kind: 'self-signed' });
  const before = await shown(domain.name);
  const answer = await accepted('PUT', at(domain), { body: { kind: 'acme' } });
  const operation = await ended(answer);
  if (operation.status === 'succeeded') return;
  expect(await shown(domain.name)).toBe(before);
  expect((await read(domain)).status).toBe('failed');
});

test('doctor finds nothing to say of all that', () => {
  const { out } = run('sculptorctl', ['doctor']);
  expect(out).not.toMatch(/certificates\/|seal\.key/);
  expect(readFileSync('/etc/sculptor/agent.json', 'utf8')).toMatch(/"sealKey": "[A-Za-z0-9+/]{59}="/);
});
