import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CertificateSpec } from '../../../contract/certificates.ts';
import type { VerbArgs } from '../../../contract/executor.ts';
import { putCertificate, renewCertificate } from '../../../worker-privileged/executor/verbs/certificates.ts';
import { putSite } from '../../../worker-privileged/executor/verbs/site.ts';
import {
  createFakeServer,
  createFakeSystem,
  InjectedError,
  stateOf,
  type Accident,
  type FakeServer,
} from '../../fakes/executor-system.ts';
import { ID, recordedRun, spec } from './sites.ts';

/* Whatever fails, and wherever it breaks off, visitors are shown a certificate with its own key. */

const PART = 'c1c1c1c1c1c1';

async function begun(): Promise<FakeServer> {
  const server = createFakeServer();
  server.now = new Date().toISOString();
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(), recordedRun());
  await putCertificate(system)(asked(1), recordedRun());
  return server;
}

const asked = (generation: number) =>
  ({
    ...{ id: PART, site: ID, generation, name: 'certificate' },
    spec: CertificateSpec.parse({ kind: 'self-signed' }),
  }) as VerbArgs<'certificate.put'>;

async function renew(server: FakeServer, accident?: Accident): Promise<number> {
  const { system, count } = createFakeSystem(server, accident);
  const work = async () => {
    await putCertificate(system)(asked(2), recordedRun());
    const { id, site, generation } = asked(2);
    await renewCertificate(system)({ id, site, generation }, recordedRun());
  };
  if (accident === undefined) await work();
  else await expect(work()).rejects.toThrow(InjectedError);
  return count.changes;
}

/** The fingerprint of what nginx loads; throws where the two do not belong together. */
function shown({ disk }: FakeServer): string {
  const link = disk.get(`/etc/sculptor/sites/${ID}/tls`) as { readonly target: string };
  const folder = link.target.replace('../../', '/etc/sculptor/');
  const text = (name: string) => (disk.get(`${folder}/${name}`) as { readonly text: string }).text;
  const certificate = new X509Certificate(text('chain.pem'));
  if (!certificate.checkPrivateKey(createPrivateKey(text('key.pem')))) throw new Error('another key');
  return certificate.fingerprint256;
}

test('whatever change fails of a renewal, the former one is shown, or the new one', async () => {
  const all = await renew(await begun());
  expect(all).toBeGreaterThan(8);
  for (let at = 1; at <= all; at += 1) {
    const server = await begun();
    const before = stateOf(server);
    await renew(server, { at, kind: 'tool' });
    // The last change alone takes away what nobody is shown.
    if (at === 1) expect(stateOf(server)).toEqual(before);
    expect({ at, shown: shown(server) }).toEqual({ at, shown: expect.any(String) as string });
  }
});

test('wherever a renewal breaks off, a whole one is shown, and asking again brings it to its end', async () => {
  const all = await renew(await begun());
  for (let at = 1; at <= all; at += 1) {
    const server = await begun();
    const first = shown(server);
    await renew(server, { at, kind: 'crash' });
    shown(server);
    await renew(server);
    expect(shown(server)).not.toBe(first);
    const kept = [...server.disk.keys()].filter((path) => path.endsWith('/key.pem'));
    expect({ at, kept: kept.length }).toEqual({ at, kept: 1 });
  }
});
