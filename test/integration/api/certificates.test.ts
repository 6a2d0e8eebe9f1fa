import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { CertificateSpec, keyOfSite, type ServedCertificate } from '../../../contract/certificates.ts';
import { DomainId, PartId } from '../../../contract/ids.ts';
import { Problem } from '../../../contract/problems.ts';
import { unseal } from '../../../contract/sealing.ts';
import { Certificate } from '../../../contract/site-parts.ts';
import { openState } from '../../../state/connection.ts';
import { putPartReport } from '../../../state/part-reports.ts';
import { createAuthority, type Brought } from '../../fakes/authority.ts';
import { SEAL } from '../../fakes/seal.ts';
import { items, LIVE, operationId, resource, SERVER, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';

const CERTIFICATE = '/v1/domains/shop.example/certificate';
const authority = createAuthority();

let agent: Agent;
let domain: DomainId;
beforeEach(async () => {
  agent = await startAgent();
  const body = { name: 'shop.example', aliases: ['www.shop.example'] };
  const made = await agent.call('POST', '/v1/domains', { body });
  domain = DomainId.parse(resource(made, 'domain').id);
  await agent.end(operationId(made), LIVE);
});
afterEach(() => agent.stop());

const put = (body: unknown) => agent.call('PUT', CERTIFICATE, { body });
const brought = (more: object = {}) => authority.issue({ names: ['shop.example'], ...more });
const custom = ({ chain, key }: Brought) => put({ kind: 'custom', chain, key });

function specs(): readonly CertificateSpec[] {
  const text = "SELECT spec FROM sculptor.site_part_version WHERE type = 'certificate' ORDER BY generation";
  return z
    .array(z.tuple([z.string()]))
    .parse(agent.servers.sql(text))
    .map(([spec]) => CertificateSpec.parse(JSON.parse(spec)));
}

const SERVED: ServedCertificate = {
  ...{ kind: 'self-signed', fingerprint: 'a'.repeat(64) as never, issuer: 'CN=x' },
  ...{ notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2999-01-01T00:00:00.000Z' },
  ...{ names: ['shop.example' as never], leftOut: [{ name: 'www.shop.example' as never, reason: 'why' }] },
};

test('the first is made, each further one takes its place, by operations of their own', async () => {
  const first = await put({ kind: 'self-signed' });
  expect([first.status, first.json]).toMatchObject([
    202,
    { operation: { kind: 'certificate.create' }, certificate: { kind: 'self-signed', served: null } },
  ]);
  await agent.end(operationId(first), LIVE);
  const second = await put({ kind: 'none' });
  expect(second.json).toMatchObject({ operation: { kind: 'certificate.update', generation: 2 } });
  await agent.end(operationId(second), LIVE);
  expect((await agent.call('GET', CERTIFICATE)).json).toMatchObject({ kind: 'none', daysLeft: null });
  const removed = await agent.call('DELETE', CERTIFICATE);
  await agent.end(operationId(removed), { status: 'succeeded', resource: 'deleted' });
  expect((await agent.call('GET', CERTIFICATE)).status).toBe(404);
  expect((await put({ kind: 'self-signed' })).json).toMatchObject({
    operation: { kind: 'certificate.create' },
  });
});

test('of a private key nothing is kept but what root opens, for this site', async () => {
  const { chain, key } = brought();
  const made = await custom({ chain, key });
  expect(made.status).toBe(202);
  const [spec] = specs();
  if (spec?.kind !== 'custom') throw new Error('none was brought');
  const der = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  expect(unseal(SEAL.privateKey, spec.sealedKey, keyOfSite(domain))).toEqual(der);
  expect(() => unseal(SEAL.privateKey, spec.sealedKey, keyOfSite('d0otherother' as DomainId))).toThrow();
  const line = key.split('\n')[1] ?? '';
  for (const text of [
    made.text,
    JSON.stringify(agent.snapshot()),
    agent.log(),
    (await agent.call('GET', CERTIFICATE)).text,
  ])
    for (const secret of [line, der.toString('base64').slice(0, 40)]) expect(text).not.toContain(secret);
  expect(made.text).not.toContain(spec.sealedKey);
});

test.each<[string, () => unknown, readonly string[]]>([
  ['no kind', () => ({}), ['kind']],
  ['another kind', () => ({ kind: 'best' }), ['kind']],
  ['a chain for what takes none', () => ({ kind: 'acme', ...brought() }), ['chain', 'key']],
  ['neither chain nor key', () => ({ kind: 'custom' }), ['chain', 'key']],
  ['another key', () => ({ kind: 'custom', ...brought(), key: brought().key }), ['key']],
  ['a certificate for a key', () => ({ kind: 'custom', ...brought(), key: brought().chain }), ['key']],
  ['one of other names', () => ({ kind: 'custom', ...brought({ names: ['other.example'] }) }), ['chain']],
  ['one that has ended', () => ({ kind: 'custom', ...brought({ days: -1 }) }), ['chain']],
  ['a field of the state', () => ({ kind: 'self-signed', sealedKey: 'x' }), ['sealedKey']],
])('%s is refused with its fields, and nothing is written', async (_, body, fields) => {
  const before = agent.snapshot();
  const refused = await put(body());
  expect(refused.status).toBe(422);
  expect(Problem.parse(refused.json).errors?.map(({ field }) => field)).toEqual(fields);
  expect(agent.snapshot()).toEqual(before);
});

test('what visitors are shown is told as it was last seen, and listed with the days that are left', async () => {
  const made = await put({ kind: 'self-signed' });
  await agent.end(operationId(made), LIVE);
  const part = PartId.parse(resource(made, 'certificate').id);
  const state = openState(agent.servers.state('sculptor'));
  const report = { part, site: domain, served: SERVED, due: null };
  await putPartReport(state, { server: SERVER, type: 'certificate' }, { part, report });
  await state.close();
  const shown = Certificate.parse((await agent.call('GET', CERTIFICATE)).json);
  expect(shown).toMatchObject({ kind: 'self-signed', served: SERVED, status: 'live' });
  expect(shown.daysLeft).toBeGreaterThan(300_000);
  expect(items(await agent.call('GET', '/v1/certificates'))).toEqual([shown]);
});

test('what the server can make is renewed when that is asked for, and nothing else', async () => {
  const renew = () => agent.call('POST', `${CERTIFICATE}/renew`);
  expect((await renew()).status).toBe(404);
  await agent.end(operationId(await put({ kind: 'self-signed' })), LIVE);
  const renewed = await renew();
  expect(renewed.json).toMatchObject({ operation: { kind: 'certificate.renew', generation: 2 } });
  await agent.end(operationId(renewed), LIVE);
  await agent.end(operationId(await custom(brought())), LIVE);
  expect((await renew()).status).toBe(409);
});

test('a site of the shared user has one too', async () => {
  const body = { name: 'pool.example', isolation: 'pool' };
  await agent.end(operationId(await agent.call('POST', '/v1/domains', { body })), LIVE);
  const made = await agent.call('PUT', '/v1/domains/pool.example/certificate', {
    body: { kind: 'self-signed' },
  });
  expect(made.status).toBe(202);
});
