import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepted, DOMAIN, event, EVENTS, operation } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const AT = '/v1/domains/shop.example/certificate';
const { id, tenant, server, generation, status, createdAt, updatedAt } = DOMAIN;
const CERTIFICATE = {
  ...{ id: 'cabcdefghij1', domain: id, name: 'certificate', tenant, server, generation, status },
  ...{ createdAt, updatedAt, kind: 'custom', daysLeft: 12 },
  served: {
    ...{ kind: 'custom', fingerprint: 'a'.repeat(64), issuer: 'CN=Tests CA', names: ['shop.example'] },
    ...{ notBefore: '2026-01-02T03:04:05.000Z', notAfter: '2026-04-02T03:04:05.000Z' },
    leftOut: [{ name: 'www.shop.example', reason: 'It points elsewhere.' }],
  },
};
const answers = {
  [`PUT ${AT}`]: [accepted({ certificate: CERTIFICATE })],
  [`GET ${AT}`]: [{ status: 200, body: CERTIFICATE }],
  [`DELETE ${AT}`]: [accepted()],
  [`POST ${AT}/renew`]: [accepted({ certificate: CERTIFICATE })],
  'GET /v1/certificates?limit=200': [{ status: 200, body: { items: [CERTIFICATE], next: null } }],
  [EVENTS]: [{ events: [event(operation())] }],
};
const certificate = (...words: readonly string[]) => sculptorctl(['certificate', ...words], answers);

test('asks for one of a kind, and for no other kind than there are', async () => {
  const set = await certificate('set', 'shop.example', '--kind', 'self-signed');
  expect(set.asked[0]).toMatchObject({ method: 'PUT', path: AT, body: { kind: 'self-signed' } });
  expect((await certificate('set', 'shop.example', '--kind', 'best')).code).toBe(2);
  expect((await certificate('set', 'shop.example')).code).toBe(2);
});

test('sends chain and key as they stand in their files; what cannot be read is told before anything is sent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const [chain, key] = [join(folder, 'chain.pem'), join(folder, 'key.pem')];
  try {
    writeFileSync(chain, 'a chain\n');
    writeFileSync(key, 'a key\n');
    const words = ['set', 'shop.example', '--kind', 'custom', '--chain', chain, '--key'];
    const set = await certificate(...words, key);
    expect(set.asked[0]?.body).toEqual({ kind: 'custom', chain: 'a chain\n', key: 'a key\n' });
    expect(set.out + set.err).not.toContain('a key');
    const unread = await certificate(...words, join(folder, 'nothing'));
    expect([unread.code, unread.asked]).toEqual([2, []]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('shows what visitors are shown, and what is left out and why', async () => {
  const { out } = await certificate('show', 'shop.example');
  expect(out).toMatch(/left out +www\.shop\.example: It points elsewhere\.\n/);
  expect(out).toMatch(/until +2026-04-02T03:04:05\.000Z, 12 days left\nSHA-256 +a{64}\n/);
});

test('lists all with the days that are left', async () => {
  expect((await certificate('list')).out).toMatch(
    /^NAMES +KIND +DAYS LEFT +STATUS\nshop\.example +custom +12 +live\n/,
  );
});

test('renews and deletes one', async () => {
  const renewed = await certificate('renew', 'shop.example');
  expect(renewed.asked[0]).toMatchObject({ method: 'POST', path: `${AT}/renew` });
  expect((await certificate('delete', 'shop.example')).asked[0]).toMatchObject({
    method: 'DELETE',
    path: AT,
  });
});
