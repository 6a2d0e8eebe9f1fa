import type { Domain } from '../../contract/domains.ts';
import { createAuthority } from '../fakes/authority.ts';
import { accepted, createDomain, ready, succeeded, unique, updateDomain } from './agent.ts';
import { place } from './server.ts';
import { underLoad } from './under-load.ts';

/* Names and certificates while visitors come without a pause; options, types and versions of PHP are with their own tests. */

jest.setTimeout(180_000);
beforeAll(ready);

async function made(): Promise<Domain> {
  const domain = await createDomain({ name: `${unique('load')}.example` });
  place(`s-${domain.id}`, `/home/www/${domain.name}/public/index.php`, '<?php echo "here";');
  return domain;
}

const HERE = /^200 here$/;
const asked = (host: string, expected = HERE) => ({ host, path: '/', expected });
const overTls = (host: string, expected = HERE) => ({ ...asked(host, expected), tls: true });

test('aliases come and go under load, and no request fails under the names that stay, here and at a neighbour', async () => {
  const [site, neighbour] = [await made(), await made()];
  const [stays, comes] = [`${unique('stays')}.example`, `${unique('comes')}.example`];
  await updateDomain(site.name, { aliases: [stays] });
  const seen = await underLoad([asked(site.name), asked(stays), asked(neighbour.name)], async () => {
    for (let round = 0; round < 3; round += 1) {
      await updateDomain(site.name, { aliases: [stays, comes] });
      await updateDomain(site.name, { aliases: [comes, stays] });
      await updateDomain(site.name, { aliases: [stays] });
    }
    // More than the common server block counts: from here on it has one of its own.
    const many = Array.from({ length: 12 }, () => `${unique('many')}.example`);
    await updateDomain(site.name, { aliases: [stays, ...many] });
    await updateDomain(site.name, { aliases: [stays] });
    await updateDomain(site.name, { aliases: [stays], options: { bodyBytes: 4096 } });
    await updateDomain(site.name, { aliases: [stays, comes] });
    await updateDomain(site.name, { aliases: [stays], options: { bodyBytes: 67_108_864 } });
  });
  expect(seen.map(({ failed }) => failed)).toEqual([[], [], []]);
});

const putCertificate = async ({ id }: Domain, body: object) =>
  succeeded(await accepted('PUT', `/v1/domains/${id}/certificate`, { body }));

test('the first certificate, others and none again fail no request but those that need one while there is none', async () => {
  const [site, neighbour] = [await made(), await made()];
  await putCertificate(neighbour, { kind: 'self-signed' });
  const others = [asked(site.name), asked(neighbour.name), overTls(neighbour.name)];
  const whileThereIsOne = overTls(site.name, /^(?:200 here$|Error: .*alert internal error)/s);
  const { chain, key } = createAuthority().issue({ names: [site.name] });

  const none = [[], [], [], []];
  const first = await underLoad([...others, whileThereIsOne], () =>
    putCertificate(site, { kind: 'self-signed' }),
  );
  expect(first.map(({ failed }) => failed)).toEqual(none);
  const changed = { ...overTls(site.name), handshakeAgain: true };
  const later = await underLoad([...others, changed], async () => {
    await putCertificate(site, { kind: 'custom', chain, key });
    await updateDomain(site.name, { options: { timeoutSeconds: 20 } });
    await putCertificate(site, { kind: 'self-signed' });
    await putCertificate(site, { kind: 'custom', chain, key });
  });
  expect(later.map(({ failed }) => failed)).toEqual(none);
  const last = await underLoad([...others, whileThereIsOne], () => putCertificate(site, { kind: 'none' }));
  expect(last.map(({ failed }) => failed)).toEqual(none);
});
