import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Domain } from '../../contract/domains.ts';
import { ENDED } from '../../contract/operations.ts';
import {
  accepted,
  api,
  createDomain,
  ended,
  operationId,
  readOperation,
  ready,
  succeeded,
  unique,
  type Answer,
} from '../machine/agent.ts';
import { startAuthority, type Authority } from '../machine/authority.ts';
import { must, run } from '../machine/server.ts';

/* What dies while an authority is asked. Visitors are shown a whole certificate or none, and nothing goes on for ever. */

const CHALLENGES = '/var/lib/sculptor-acme/webroot/.well-known/acme-challenge';
const WANTED = '/etc/sculptor/acme/wanted';
let authority: Authority;

beforeAll(async () => {
  await ready();
  authority = await startAuthority({ slow: true });
});
afterAll(() => authority.stop());

async function site(): Promise<Domain> {
  const name = `${unique('fault')}.example`;
  authority.lead(name);
  return createDomain({ name, type: 'static' });
}

const put = ({ id }: Domain, kind = 'acme') =>
  accepted('PUT', `/v1/domains/${id}/certificate`, { body: { kind } });

const seen = new Set<string>();

/** Certbot has put another answer where the authority looks for it, and waits; false where the operation ended first. */
async function certbotWaits({ id }: Domain, answer: Answer): Promise<boolean> {
  for (;;) {
    const answers = readdirSync(CHALLENGES).filter((name) => !name.startsWith('try-') && !seen.has(name));
    if (answers.length > 0 && existsSync(`${WANTED}/${id}/request.pem`)) {
      for (const name of answers) seen.add(name);
      return true;
    }
    if (ENDED.has((await readOperation(operationId(answer))).status)) return false;
    await pause(20);
  }
}

/** By openssl, as a visitor is shown it; null where the handshake is refused. */
function shown({ name }: Domain): string | null {
  const words = ['s_client', '-connect', '127.0.0.1:443', '-servername', name];
  const { out } = run('openssl', words);
  return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(out)?.[0] ?? null;
}

const unitsOfCertbot = () =>
  must('systemctl', ['list-units', '--all', '--no-legend', '--plain', 'sculptor-certbot@*']);

function nothingIsLeft({ id }: Domain): void {
  expect(unitsOfCertbot()).toBe('');
  expect([readdirSync(CHALLENGES), existsSync(`${WANTED}/${id}`)]).toEqual([[], false]);
}

const kill = (unit: string) => must('systemctl', ['kill', '--signal=KILL', unit]);

test('an executor that is killed while certbot works is started again, and the certificate comes', async () => {
  const domain = await site();
  const answer = await put(domain);
  expect(await certbotWaits(domain, answer)).toBe(true);
  kill('sculptor-executor');
  expect(shown(domain)).toBeNull();
  await succeeded(answer);
  expect(shown(domain)).not.toBeNull();
  nothingIsLeft(domain);
});

test('the former one is shown while that happens, whole', async () => {
  const domain = await site();
  await succeeded(await put(domain, 'self-signed'));
  const former = shown(domain);
  const answer = await put(domain);
  expect(await certbotWaits(domain, answer)).toBe(true);
  kill('sculptor-executor');
  expect(shown(domain)).toBe(former);
  await succeeded(answer);
  expect(shown(domain)).not.toBe(former);
  nothingIsLeft(domain);
});

test('certbot that is killed itself is begun anew', async () => {
  const domain = await site();
  const answer = await put(domain);
  expect(await certbotWaits(domain, answer)).toBe(true);
  kill(`sculptor-certbot@${domain.id}`);
  await succeeded(answer);
  expect(shown(domain)).not.toBeNull();
  nothingIsLeft(domain);
});

test('an executor that is killed each time fails the operation in the end, and the next attempt succeeds', async () => {
  const domain = await site();
  const answer = await put(domain);
  while (await certbotWaits(domain, answer)) kill('sculptor-executor');
  const { status, error } = await ended(answer);
  expect([status, error?.code]).toEqual(['failed', 'executor_unavailable']);
  expect(shown(domain)).toBeNull();
  nothingIsLeft(domain);
  await succeeded(await put(domain));
  expect(shown(domain)).not.toBeNull();
  nothingIsLeft(domain);
});

test('after all this nothing is under way and no unit has failed', async () => {
  for (const status of ['queued', 'running'])
    expect((await api('GET', `/v1/operations?status=${status}`)).json['items']).toEqual([]);
  expect(must('systemctl', ['--failed', '--no-legend', '--plain'])).toBe('');
});
