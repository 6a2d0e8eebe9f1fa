import type { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { Operation } from '../../contract/operations.ts';
import { accepted, api, createDomain, ended, ready, succeeded, unique, updateDomain } from './agent.ts';
import { startAuthority, type Authority } from './authority.ts';
import { must, page, place, visit, visitTls } from './server.ts';

/* Certificates by ACME, from pebble: it refuses nonces, and finds names elsewhere. */

const CHALLENGES = '/var/lib/sculptor-acme/webroot/.well-known/acme-challenge';
const WANTED = '/etc/sculptor/acme/wanted';

let authority: Authority;

beforeAll(async () => {
  await ready();
  authority = await startAuthority();
});
afterAll(() => authority.stop());

type Served = {
  readonly kind: string;
  readonly fingerprint: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
};

async function served(name: string): Promise<Served> {
  return (await api('GET', `/v1/domains/${name}/certificate`)).json['served'] as Served;
}

async function ask(name: string): Promise<Operation> {
  return ended(await accepted('PUT', `/v1/domains/${name}/certificate`, { body: { kind: 'acme' } }));
}

/** What a visitor is shown, whatever he thinks of it. */
function shown(name: string): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: 443, servername: name, rejectUnauthorized: false });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('there is none'));
      else resolve(certificate);
    });
  });
}

async function fingerprintShown(name: string): Promise<string> {
  return (await shown(name)).fingerprint256.replaceAll(':', '').toLowerCase();
}

async function site(wanted: Readonly<Record<string, unknown>> = {}) {
  const name = `${unique('acme')}.example`;
  authority.lead(name);
  return createDomain({ name, type: 'static', ...wanted });
}

test('a site shows a certificate of the authority for all its names, and nothing is left of the asking', async () => {
  const alias = `${unique('alias')}.example`;
  authority.lead(alias);
  const { id, name } = await site({ aliases: [alias] });
  expect((await ask(name)).status).toBe('succeeded');
  const { kind, names, leftOut, fingerprint, issuer } = await served(name);
  expect([kind, [...names].sort(), leftOut]).toEqual(['acme', [name, alias].sort(), []]);
  expect(issuer).toContain('Pebble');
  for (const each of [name, alias]) expect(await fingerprintShown(each)).toBe(fingerprint);
  expect((await shown(name)).subjectAltName).toBe(`DNS:${[name, alias].sort().join(', DNS:')}`);
  expect([readdirSync(CHALLENGES), existsSync(`${WANTED}/${id}`)]).toEqual([[], false]);
});

test('a name that does not lead here is left out with the reason, and so is one that the authority finds elsewhere', async () => {
  const [nowhere, elsewhere] = [`${unique('nowhere')}.example`, `${unique('elsewhere')}.example`];
  authority.lead(elsewhere);
  await authority.mislead(elsewhere);
  const { name } = await site({ aliases: [nowhere, elsewhere] });
  expect((await ask(name)).status).toBe('succeeded');
  const { names, leftOut } = await served(name);
  expect(names).toEqual([name]);
  expect(Object.fromEntries(leftOut.map((left) => [left.name, left.reason]))).toEqual({
    [nowhere]: 'DNS knows no address of it.',
    [elsewhere]: expect.stringMatching(/^The authority refused it: connection: .*192\.0\.2\.9/) as unknown,
  });
});

test('where no name leads here the operation fails, with the reason of each, and the site is as it was', async () => {
  const { name } = await createDomain({ name: `${unique('nobody')}.example`, type: 'static' });
  const { status, error } = await ask(name);
  expect([status, error?.code]).toEqual(['failed', 'acme_refused']);
  expect(error?.message).toContain(`${name}: DNS knows no address of it.`);
  expect((await page(name))[0]).toBe(403);
});

test('an alias that comes is in the certificate that a renewal brings', async () => {
  const { name } = await site();
  await ask(name);
  const before = await served(name);
  const alias = `${unique('later')}.example`;
  authority.lead(alias);
  await updateDomain(name, { aliases: [alias] });
  await succeeded(await accepted('POST', `/v1/domains/${name}/certificate/renew`));
  const after = await served(name);
  expect([...after.names].sort()).toEqual([name, alias].sort());
  expect(after.fingerprint).not.toBe(before.fingerprint);
  expect(await fingerprintShown(alias)).toBe(after.fingerprint);
});

test('a site that forces HTTPS and binds browsers to it does so with its certificate, and has it renewed', async () => {
  const hsts = { maxAgeSeconds: 3600, includeSubdomains: true };
  const { id, name } = await site({ options: { forceHttps: true, hsts } });
  place(`s-${id}`, `/home/www/${name}/public/index.html`, 'home');
  const plain = async () => {
    const answer = await visit(name, '/a?b=c');
    if (answer === 'closed') return answer;
    return [answer.status, answer.headers.location, answer.headers['strict-transport-security']];
  };
  expect(await plain()).toEqual([404, undefined, undefined]);
  expect(await page(name)).toEqual([200, 'home']);
  expect((await ask(name)).status).toBe('succeeded');
  expect(await plain()).toEqual([308, `https://${name}/a?b=c`, undefined]);
  const overTls = await visitTls(name);
  expect([overTls.status, overTls.text]).toEqual([200, 'home']);
  expect(overTls.headers['strict-transport-security']).toBe('max-age=3600; includeSubDomains');
  // Where browsers are sent away from, the authority is answered.
  const before = await served(name);
  await succeeded(await accepted('POST', `/v1/domains/${name}/certificate/renew`));
  expect((await served(name)).fingerprint).not.toBe(before.fingerprint);
  await updateDomain(name, { options: { forceHttps: false, hsts: null } });
  expect(await page(name)).toEqual([200, 'home']);
  expect((await visitTls(name)).headers['strict-transport-security']).toBeUndefined();
});

describe('a challenge is answered', () => {
  const token = 'a-token-of-this-test';
  const address = `/.well-known/acme-challenge/${token}`;
  beforeAll(
    () => void must('runuser', ['-u', 'sculptor-acme', '--', 'tee', CHALLENGES + `/${token}`], 'answer'),
  );
  afterAll(() => void must('rm', [`${CHALLENGES}/${token}`]));

  test.each([
    ['of PHP', { type: 'php' }],
    ['with a server block of its own', { publicDirectory: 'public/web', type: 'static' }],
    ['with a list of addresses', { type: 'static', options: { allowedAddresses: ['192.0.2.0/24'] } }],
  ])('for a site %s', async (_, wanted) => {
    const { name } = await createDomain({ name: `${unique('asked')}.example`, ...wanted });
    expect(await page(name, address)).toEqual([200, 'answer']);
    await updateDomain(name, { enabled: false });
    expect(await page(name, address)).toEqual([200, 'answer']);
    expect((await page(name, '/'))[0]).not.toBe(200);
  });

  test('over plain HTTP and under the name that was asked for, wherever else visitors are sent', async () => {
    const name = `${unique('sent')}.example`;
    const options = { forceHttps: true, www: 'toWww' };
    await createDomain({ name, aliases: [`www.${name}`], type: 'static', options });
    const body = { kind: 'self-signed' };
    await succeeded(await accepted('PUT', `/v1/domains/${name}/certificate`, { body }));
    expect((await page(name))[0]).toBe(308);
    expect(await page(name, address)).toEqual([200, 'answer']);
  });

  test('from the server’s folder alone, and not from the site', async () => {
    const { id, name } = await createDomain({ name: `${unique('own')}.example`, type: 'static' });
    place(`s-${id}`, `/home/www/${name}/public${address}`, 'of the site');
    place(`s-${id}`, `/home/www/${name}/public${address}-more`, 'of the site');
    place(`s-${id}`, `/home/www/${name}/public/.well-known/other`, 'of the site');
    expect(await page(name, address)).toEqual([200, 'answer']);
    expect((await page(name, `${address}-more`))[0]).toBe(404);
    expect(await page(name, '/.well-known/other')).toEqual([200, 'of the site']);
  });
});

test('what root allows is asked for, then nothing until there is room, and the certificate stays', async () => {
  const { id, name } = await site();
  await ask(name);
  const { fingerprint } = await served(name);
  const counted = JSON.parse(readFileSync('/var/lib/sculptor-root/orders.json', 'utf8')) as {
    site: string;
  }[];
  expect(counted.map((order) => order.site)).toContain(id);
  must('sculptorctl', ['limit', 'set', 'siteOrdersPerHour', '1']);
  const renew = () => accepted('POST', `/v1/domains/${name}/certificate/renew`);
  const { status, error } = await ended(await renew());
  expect([status, error?.code]).toEqual(['failed', 'acme_limit']);
  expect(error?.message).toMatch(/again from [0-9-]{10} [0-9:]{5} UTC on/);
  expect(await fingerprintShown(name)).toBe(fingerprint);
  must('sculptorctl', ['limit', 'set', 'siteOrdersPerHour', '100000']);
  await succeeded(await renew());
  expect(await fingerprintShown(name)).not.toBe(fingerprint);
});

test('an authority that is away fails the operation in the end, and the certificate stays', async () => {
  const { name } = await site();
  await ask(name);
  const { fingerprint } = await served(name);
  const set = ['--email', 'admin@host.example', '--agree-tos'];
  must('sculptorctl', ['acme', 'set', ...set, '--directory', 'https://acme.test:9/dir']);
  const { status, error } = await ended(await accepted('POST', `/v1/domains/${name}/certificate/renew`));
  expect([status, error?.code]).toEqual(['failed', 'acme_unreachable']);
  expect(await fingerprintShown(name)).toBe(fingerprint);
});
