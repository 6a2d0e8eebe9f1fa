import { X509Certificate, type KeyObject } from 'node:crypto';
import { readChain, readKey } from '../../../contract/certificate-checks.ts';
import { CertificateSpec, keyOfSite } from '../../../contract/certificates.ts';
import type { VerbArgs } from '../../../contract/executor.ts';
import type { PartId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';
import { seal } from '../../../contract/sealing.ts';
import type { Acme } from '../../../worker-privileged/executor/system/acme.ts';
import type { System } from '../../../worker-privileged/executor/system/system.ts';
import { alignSite } from '../../../worker-privileged/executor/verbs/align.ts';
import {
  lookAtCertificates,
  putCertificate,
  removeCertificate,
  renewCertificate,
} from '../../../worker-privileged/executor/verbs/certificates.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { purgeSite, restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { createAuthority, type Brought } from '../../fakes/authority.ts';
import { createFakeServer, createFakeSystem, stateOf, type FakeServer } from '../../fakes/executor-system.ts';
import { SEAL } from '../../fakes/seal.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

const PART = 'c1c1c1c1c1c1' as PartId;
const OTHER = 'z9z9z9z9z9z9' as typeof ID;
const LINK = `/etc/sculptor/sites/${ID}/tls`;
const FOLDER = `/etc/sculptor/certificates/${ID}`;
const WWW = 'www.shop.example' as DomainName;
const authority = createAuthority();

type Asked = VerbArgs<'certificate.put'>;

async function withSite(change: Parameters<typeof spec>[0] = {}) {
  const server = createFakeServer();
  // What is made in a test has begun by then.
  server.now = new Date(Date.now() + 600_000).toISOString();
  server.disk.set('/etc/sculptor/seal.key', { kind: 'file', text: SEAL.pem, mode: 0o600 });
  const { system } = createFakeSystem(server);
  await putSite(system)(spec(change), recordedRun());
  return { server, system };
}

const asked = (of: CertificateSpec, generation = 1): Asked =>
  ({ id: PART, site: ID, generation, name: 'certificate', spec: of }) as Asked;
const selfSigned = CertificateSpec.parse({ kind: 'self-signed' });
const none = CertificateSpec.parse({ kind: 'none' });
const acme = CertificateSpec.parse({ kind: 'acme' });

function custom({ chain, key }: Brought, site = ID): CertificateSpec {
  const ders = (readChain(chain) as readonly X509Certificate[]).map(({ raw }) => raw.toString('base64'));
  const der = (readKey(key) as KeyObject).export({ type: 'pkcs8', format: 'der' });
  return CertificateSpec.parse({
    kind: 'custom',
    chain: ders,
    sealedKey: seal(SEAL.publicKey, der, keyOfSite(site)),
  });
}

const put = (system: System, of: CertificateSpec, generation = 1) =>
  putCertificate(system)(asked(of, generation), recordedRun());

/** What nginx's workers find behind the link of the site. */
function found({ disk }: FakeServer) {
  const link = disk.get(LINK);
  if (link?.kind !== 'link') return null;
  const folder = `${FOLDER}/${link.target.slice(link.target.lastIndexOf('/') + 1)}`;
  const textOf = (name: string) => {
    const node = disk.get(`${folder}/${name}`);
    if (node?.kind !== 'file' || node.mode !== 0o640) throw new Error(`${name} is not there as it should be`);
    return node.text;
  };
  expect(disk.get(folder)).toMatchObject({ kind: 'folder', uid: 0, gid: 989, mode: 0o2750 });
  const certificate = new X509Certificate(textOf('chain.pem'));
  const key = readKey(textOf('key.pem'));
  expect(certificate.checkPrivateKey(key as KeyObject)).toBe(true);
  return certificate;
}

const DAY = 86_400_000;
const later = (server: FakeServer, days: number) => {
  server.now = new Date(Date.parse(server.now) + days * DAY).toISOString();
};

test('one that is self-signed is for all names of the site, by its own key, and for no other purpose', async () => {
  const { server, system } = await withSite({ aliases: [WWW] });
  const { probes, served } = await put(system, selfSigned);
  const certificate = found(server)!;
  expect(certificate.subjectAltName).toBe(`DNS:shop.example, DNS:${WWW}`);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect([certificate.ca, certificate.keyUsage]).toEqual([false, ['1.3.6.1.5.5.7.3.1']]);
  expect(served).toMatchObject({ kind: 'self-signed', names: ['shop.example', WWW], leftOut: [] });
  expect(probes).toEqual(
    ['shop.example', WWW].map((host) => ({ host, path: '/', expect: { certificate: served?.fingerprint } })),
  );
});

test('asked for again, nothing is changed', async () => {
  const { server, system } = await withSite();
  await put(system, selfSigned);
  const before = stateOf(server);
  const run = recordedRun();
  await putCertificate(system)(asked(selfSigned), run);
  expect(stateOf(server)).toEqual(before);
  expect(run.steps.every(({ changed }) => !changed)).toBe(true);
});

test('it follows the names of the site, and former ones are not kept', async () => {
  const { server, system } = await withSite();
  await put(system, selfSigned);
  const { probes } = await putSite(system)(spec({ generation: 2, aliases: [WWW] }), recordedRun());
  expect(found(server)!.subjectAltName).toBe(`DNS:shop.example, DNS:${WWW}`);
  expect(probes.filter(({ expect }) => expect !== 'closed' && 'certificate' in expect)).toHaveLength(2);
  await putSite(system)(spec({ generation: 3 }), recordedRun());
  expect(found(server)!.subjectAltName).toBe('DNS:shop.example');
});

test('it is made anew before its end, and when that is asked for, once for each version', async () => {
  const { server, system } = await withSite();
  await put(system, selfSigned);
  const first = found(server)!.fingerprint256;
  const renew = (generation: number) =>
    renewCertificate(system)({ id: PART, site: ID, generation }, recordedRun());
  await put(system, selfSigned, 2);
  expect(found(server)!.fingerprint256).toBe(first);
  await renew(2);
  const second = found(server)!.fingerprint256;
  expect(second).not.toBe(first);
  await renew(2);
  expect(found(server)!.fingerprint256).toBe(second);
  later(server, 370);
  const { certificates } = await lookAtCertificates(system)({ after: null }, recordedRun());
  expect(certificates).toMatchObject([{ part: PART, site: ID, due: 'ends' }]);
  await put(system, selfSigned, 3);
  expect(found(server)!.fingerprint256).not.toBe(second);
});

test('one that was brought along is put in place, with what of the names it is not for', async () => {
  const { server, system } = await withSite({ aliases: [WWW] });
  const brought = authority.issue({ names: ['shop.example'] });
  const { served } = await put(system, custom(brought));
  expect(found(server)!.fingerprint256).toBe(new X509Certificate(brought.chain).fingerprint256);
  const link = server.disk.get(LINK) as { readonly target: string };
  const fingerprint = link.target.slice(link.target.lastIndexOf('/') + 1);
  expect(server.disk.get(`${FOLDER}/${fingerprint}/chain.pem`)).toMatchObject({ text: brought.chain });
  expect(served).toMatchObject({
    kind: 'custom',
    issuer: 'CN=Tests CA',
    names: ['shop.example'],
    leftOut: [{ name: WWW, reason: 'The certificate is not for this name.' }],
  });
});

test('the same one with another chain is put in place', async () => {
  const { server, system } = await withSite();
  const brought = authority.issue({ names: [spec().name] });
  const [own = ''] = /-----BEGIN[^]*?-----END CERTIFICATE-----\n/.exec(brought.chain) ?? [];
  const chains = () =>
    [...server.disk].flatMap(([path, node]) =>
      path.endsWith('/chain.pem') && node.kind === 'file' ? node.text : [],
    );
  await put(system, custom({ ...brought, chain: own }));
  expect(chains()).toEqual([own]);
  await put(system, custom(brought), 2);
  expect(chains()).toEqual([brought.chain]);
});

test('its private key is nowhere but in the one file of it', async () => {
  const { server, system } = await withSite();
  const brought = authority.issue({ names: ['shop.example'] });
  const run = recordedRun();
  await putCertificate(system)(asked(custom(brought)), run);
  const secret = brought.key.split('\n').slice(1, 3).join('');
  const at = [...server.disk].filter(
    ([, node]) => node.kind === 'file' && node.text.replaceAll('\n', '').includes(secret),
  );
  expect(at.map(([path]) => path.slice(path.lastIndexOf('/') + 1))).toEqual(['key.pem']);
  expect(JSON.stringify(run.steps)).not.toContain(secret.slice(0, 20));
});

test.each<[string, () => CertificateSpec]>([
  ['sealed for another site', () => custom(authority.issue({ names: ['shop.example'] }), OTHER)],
  ['for other names', () => custom(authority.issue({ names: ['other.example'] }))],
  [
    'with the key of another',
    () => {
      const [one, two] = [
        authority.issue({ names: ['shop.example'] }),
        authority.issue({ names: ['shop.example'] }),
      ];
      return custom({ chain: one.chain, key: two.key });
    },
  ],
  ['in the wrong order', () => custom(authority.issue({ names: ['shop.example'], order: 'reversed' }))],
  ['that has ended', () => custom(authority.issue({ names: ['shop.example'], days: -1 }))],
  [
    'with a weak key',
    () =>
      custom(
        authority.issue({
          names: ['shop.example'],
          key: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
        }),
      ),
  ],
  [
    'that is none',
    () =>
      ({
        ...custom(authority.issue({ names: ['shop.example'] })),
        chain: ['M'.repeat(400)],
      }) as CertificateSpec,
  ],
])('one %s is refused by root too, and nothing is changed', async (_, make) => {
  const { server, system } = await withSite();
  await put(system, selfSigned);
  const before = stateOf(server);
  expect(await failureOf(put(system, make(), 2))).toBe('invalid_request');
  expect(stateOf(server)).toEqual(before);
});

test('one that was taken and has ended since does not keep its site from being changed', async () => {
  const { server, system } = await withSite();
  await put(system, custom(authority.issue({ names: ['shop.example'], days: 5 })));
  const first = found(server)!.fingerprint256;
  later(server, 10);
  await putSite(system)(spec({ generation: 2, aliases: [WWW] }), recordedRun());
  expect(found(server)!.fingerprint256).toBe(first);
});

test('it is shown while the site is switched off or its tenant suspended, and not in the trash', async () => {
  const { server, system } = await withSite();
  await put(system, selfSigned);
  await putSite(system)(spec({ generation: 2, enabled: false }), recordedRun());
  expect(found(server)).not.toBeNull();
  await alignSite(system)({ id: ID }, recordedRun());
  expect(found(server)).not.toBeNull();
  await removeSite(system)({ id: ID }, recordedRun());
  expect(server.disk.has(LINK)).toBe(false);
  const { certificates } = await lookAtCertificates(system)({ after: null }, recordedRun());
  expect(certificates).toEqual([]);
});

test('from the trash the site comes back with the same one, and a purge leaves nothing of it', async () => {
  const { server, system } = await withSite();
  await put(system, custom(authority.issue({ names: ['shop.example'] })));
  const before = found(server)!.fingerprint256;
  await removeSite(system)({ id: ID }, recordedRun());
  await restoreSite(system)(spec({ generation: 2 }), recordedRun());
  expect(found(server)!.fingerprint256).toBe(before);
  await removeSite(system)({ id: ID }, recordedRun());
  await purgeSite(system, { atOnce: true })({ id: ID }, recordedRun());
  expect([...server.disk.keys()].filter((path) => path.includes('/certificates/'))).toEqual([]);
});

test('none, and one that is removed, are shown to nobody; a removal leaves no key', async () => {
  const { server, system } = await withSite();
  await put(system, selfSigned);
  await put(system, none, 2);
  expect(server.disk.has(LINK)).toBe(false);
  await put(system, selfSigned, 3);
  expect(found(server)).not.toBeNull();
  await removeCertificate(system)({ id: PART, site: ID, generation: 4 }, recordedRun());
  expect([...server.disk.keys()].filter((path) => path.includes('/certificates/') || path === LINK)).toEqual(
    [],
  );
  expect(await failureOf(put(system, selfSigned, 5))).toBe('not_found');
});

test('as many lose theirs in an hour as may be, and no more', async () => {
  const { server, system } = await withSite();
  server.disk.set('/etc/sculptor/limits.json', { kind: 'file', text: '{"destroyPerHour":1}', mode: 0o644 });
  await put(system, selfSigned);
  await put(system, none, 2);
  await put(system, selfSigned, 3);
  expect(await failureOf(put(system, none, 4))).toBe('limit_reached');
  expect(
    await failureOf(removeCertificate(system)({ id: PART, site: ID, generation: 4 }, recordedRun())),
  ).toBe('limit_reached');
  expect(found(server)).not.toBeNull();
});

test('an older version is a replay', async () => {
  const { system } = await withSite();
  await put(system, selfSigned, 2);
  expect(await failureOf(put(system, none, 1))).toBe('invalid_request');
});

describe('from an authority', () => {
  const giving = (system: System, obtain: Acme['obtain']): System => ({
    ...system,
    acme: { ...system.acme, obtain },
  });
  const answer =
    (brought: Brought, leftOut: readonly DomainName[] = []) =>
    () =>
      Promise.resolve({
        ...brought,
        leftOut: leftOut.map((name) => ({ name, reason: 'It points elsewhere.' })),
      });

  test('what it gave is shown, with the names it is not for and why', async () => {
    const { server, system } = await withSite({ aliases: [WWW] });
    const brought = authority.issue({ names: ['shop.example'] });
    const { served } = await put(giving(system, answer(brought, [WWW])), acme);
    expect(found(server)!.fingerprint256).toBe(new X509Certificate(brought.chain).fingerprint256);
    expect(served).toMatchObject({ kind: 'acme', leftOut: [{ name: WWW, reason: 'It points elsewhere.' }] });
  });

  test('while it thinks nobody waits for the site: it is suspended meanwhile, and its certificate comes', async () => {
    const { server, system } = await withSite();
    server.authority = () => ({ ...authority.issue({ names: [spec().name] }), leftOut: [] });
    server.whileItThinks = () => system.locks.during(ID, () => alignSite(system)({ id: ID }, recordedRun()));
    await put(system, acme);
    expect(server.disk.has(LINK)).toBe(true);
  });

  test('for a site that got another name meanwhile it is asked again', async () => {
    const { server, system } = await withSite();
    server.authority = ({ names }) => ({ ...authority.issue({ names }), leftOut: [] });
    server.whileItThinks = () => putSite(system)(spec({ generation: 2, aliases: [WWW] }), recordedRun());
    expect(await failureOf(put(system, acme))).toBe('executor_unavailable');
    expect(server.disk.has(LINK)).toBe(false);
    delete server.whileItThinks;
    await put(system, acme);
    expect(server.disk.has(LINK)).toBe(true);
  });

  test('where it gives none the former one is shown as before, and asked for', async () => {
    const { server, system } = await withSite();
    await put(system, selfSigned);
    const before = stateOf(server);
    const failing = giving(system, () => Promise.reject(new Error('the authority is away')));
    await expect(put(failing, acme, 2)).rejects.toThrow('away');
    expect(stateOf(server)).toEqual(before);
  });

  test.each<[string, { names: readonly string[]; days: number }]>([
    ['for fewer names', { names: ['shop.example'], days: 90 }],
    ['with an earlier end', { names: ['shop.example', WWW], days: 50 }],
  ])('one %s does not take the place of a better one, unless that ends', async (_, worse) => {
    const { server, system } = await withSite({ aliases: [WWW] });
    const better = authority.issue({ names: ['shop.example', WWW], days: 80 });
    await put(giving(system, answer(better)), acme);
    const before = found(server)!.fingerprint256;
    const again = giving(system, answer(authority.issue(worse)));
    await put(again, acme, 2);
    const renew = (generation: number) =>
      renewCertificate(again)({ id: PART, site: ID, generation }, recordedRun());
    expect(await failureOf(renew(2))).toBe('certificate_kept');
    expect(found(server)!.fingerprint256).toBe(before);
    later(server, 75);
    await renew(2);
    expect(found(server)!.fingerprint256).not.toBe(before);
  });

  describe('in the place of one that was brought along', () => {
    const both = ['shop.example', WWW];
    const brought = (days = 300) => custom(authority.issue({ names: both, days }));
    const fewer = () => answer(authority.issue({ names: ['shop.example'] }), [WWW]);

    test('one for fewer names is not shown, though it was asked for: the former stays, and stays asked for', async () => {
      const { server, system } = await withSite({ aliases: [WWW] });
      await put(system, brought());
      const before = stateOf(server);
      expect(await failureOf(put(giving(system, fewer()), acme, 2))).toBe('certificate_kept');
      expect(stateOf(server)).toEqual(before);
    });

    test('one for all its names is, though it ends earlier', async () => {
      const { server, system } = await withSite({ aliases: [WWW] });
      await put(system, brought());
      const { served } = await put(giving(system, answer(authority.issue({ names: both }))), acme, 2);
      expect([served?.kind, found(server)!.subjectAltName]).toEqual(['acme', `DNS:shop.example, DNS:${WWW}`]);
    });

    test.each<[string, number, readonly CertificateSpec[]]>([
      ['one that ends in some days', 5, []],
      ['one that was asked away before', 300, [none]],
      ['one for which a self-signed one was asked', 300, [selfSigned]],
    ])('of %s, one for fewer names is', async (_, days, before) => {
      const { server, system } = await withSite({ aliases: [WWW] });
      for (const [at, of] of [brought(days), ...before].entries()) await put(system, of, at + 1);
      await put(giving(system, fewer()), acme, 9);
      expect(found(server)!.subjectAltName).toBe('DNS:shop.example');
    });
  });

  test('what is shown is told to be due, though another was asked for and broke off before it came', async () => {
    const { server, system } = await withSite();
    await put(giving(system, answer(authority.issue({ names: ['shop.example'], days: 90 }))), acme);
    const site = `/var/lib/sculptor-root/parts/${ID}/${PART}.json`;
    const { text } = server.disk.get(site) as { readonly text: string };
    const asked = JSON.stringify({ ...(JSON.parse(text) as object), spec: selfSigned, generation: 2 });
    server.disk.set(site, { kind: 'file', text: asked, mode: 0o600 });
    later(server, 70);
    const { certificates } = await lookAtCertificates(system)({ after: null }, recordedRun());
    expect(certificates).toMatchObject([{ due: 'ends', served: { kind: 'acme' } }]);
  });

  test('it is told whether the one that there is ends soon, by the end of that itself', async () => {
    const { server, system } = await withSite();
    const due: boolean[] = [];
    const brought = authority.issue({ names: ['shop.example'], days: 90 });
    const asking = giving(system, (site) => {
      due.push(site.due);
      return answer(due.length === 1 ? brought : authority.issue({ names: ['shop.example'], days: 200 }))();
    });
    await put(asking, acme);
    later(server, 70);
    await put(asking, acme, 2);
    await put(asking, acme, 3);
    await renewCertificate(asking)({ id: PART, site: ID, generation: 3 }, recordedRun());
    expect(due).toEqual([false, true, false]);
  });

  test('a site that has got another name is told to be due, and changed without a word with the authority', async () => {
    const { server, system } = await withSite();
    const given = giving(system, answer(authority.issue({ names: ['shop.example'] })));
    await put(given, acme);
    const before = found(server)!.fingerprint256;
    await putSite(system)(spec({ generation: 2, aliases: [WWW] }), recordedRun());
    expect(found(server)!.fingerprint256).toBe(before);
    const { certificates } = await lookAtCertificates(system)({ after: null }, recordedRun());
    expect(certificates).toMatchObject([{ due: 'names', served: { leftOut: [{ name: WWW }] } }]);
  });
});

test('a site has one certificate, whoever asks for another', async () => {
  const { system } = await withSite();
  await put(system, selfSigned);
  const second = { ...asked(none), id: 'a0a0a0a0a0a0' as PartId };
  expect(await failureOf(putCertificate(system)(second, recordedRun()))).toBe('invalid_request');
});

test('one that cannot be read keeps the others from nothing', async () => {
  const { system } = await withSite();
  await put(system, selfSigned);
  const { read } = system.certificates;
  const broken = {
    ...system,
    certificates: { ...system.certificates, read: () => Promise.reject(new Error('x')) },
  };
  const run = recordedRun();
  expect((await lookAtCertificates(broken)({ after: null }, run)).certificates).toEqual([]);
  expect(run.warnings).toHaveLength(1);
  expect(await read(ID)).not.toBeNull();
});

test('to put one that nobody vouches for in the place of one that somebody does counts as what destroys', async () => {
  const { server, system } = await withSite();
  await put(system, custom(authority.issue({ names: ['shop.example'] })));
  await put(system, selfSigned, 2);
  expect(server.disk.get('/var/lib/sculptor-root/destroyed.json')).toMatchObject({
    text: expect.stringContaining(`put-${PART}-2`) as string,
  });
});
