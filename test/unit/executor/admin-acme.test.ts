import { readFileSync } from 'node:fs';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeServer } from '../../fakes/executor-system.ts';

const SET = ['acme', 'set', '--email', 'admin@host.example', '--agree-tos'];
/** The certificate in it is of nobody. */
const PEM = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(
  readFileSync(new URL('acme.test.ts', import.meta.url), 'utf8'),
)?.[0];

function world() {
  const server = createFakeServer();
  const type = (...words: readonly string[]) => adminTerminal(server, createFakeRecords(), words);
  const file = (path: string) => {
    const node = server.disk.get(path);
    return node?.kind === 'file' ? { mode: node.mode, text: node.text } : null;
  };
  const put = (path: string, text: string) => server.disk.set(path, { kind: 'file', text, mode: 0o600 });
  return { type, file, put };
}

test('the authority is set whole, and is Let’s Encrypt where nothing else is said', async () => {
  const { type, file } = world();
  const { code, out } = await type(...SET);
  expect(code).toBe(0);
  expect(out).toContain('https://acme-v02.api.letsencrypt.org/directory');
  const settings = file(paths.acmeSettings);
  expect([settings?.mode, JSON.parse(settings?.text ?? '')]).toEqual([
    0o640,
    { directory: 'https://acme-v02.api.letsencrypt.org/directory', email: 'admin@host.example' },
  ]);
  expect(file(paths.acmeRoots)).toBeNull();
});

test('the roots of an authority of one’s own are kept, certificates and nothing else, until it is set without', async () => {
  const { type, file, put } = world();
  put('/etc/sculptor/ca.pem', `words\n${PEM}\nmore words\n`);
  const { out } = await type(
    ...SET,
    '--directory',
    'https://127.0.0.1:14000/dir',
    '--ca',
    '/etc/sculptor/ca.pem',
  );
  expect(out).toContain(paths.acmeRoots);
  expect(file(paths.acmeRoots)).toEqual({ mode: 0o640, text: `${PEM}\n` });
  await type(...SET);
  expect(file(paths.acmeRoots)).toBeNull();
});

test.each(['', 'words', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
  'what is no certificate is not believed, and what was set stays: %j',
  async (text) => {
    const { type, file, put } = world();
    put('/etc/sculptor/ca.pem', text);
    expect((await type(...SET, '--ca', '/etc/sculptor/ca.pem')).code).toBe(1);
    expect(file(paths.acmeSettings)).toBeNull();
  },
);

test('switched off it is forgotten, and shown so', async () => {
  const { type, file } = world();
  await type(...SET);
  expect((await type('acme', 'off')).out).toContain('no site gets a certificate by ACME');
  expect(file(paths.acmeSettings)).toBeNull();
});

test.each([
  ['acme'],
  ['acme', 'set'],
  ['acme', 'set', '--email', 'admin@host.example'],
  ['acme', 'set', '--agree-tos'],
  [...SET, '--email', 'nobody'],
  [...SET, '--email', '-x@host.example'],
  [...SET, '--email', 'a@b.example\npre-hook=/bin/sh'],
  [...SET, '--directory', 'http://acme.example/'],
  [...SET, '--directory', 'https://user@acme.example/'],
  [...SET, '--directory', 'https://acme.example/ x'],
  [...SET, '--directory', 'https://acme.example/#x'],
  [...SET, '--ca', 'ca.pem'],
  [...SET, '--hook', 'x'],
  ['acme', 'off', 'now'],
])('%j is used wrongly, and changes nothing', async (...words) => {
  const { type, file } = world();
  expect((await type(...words)).code).toBe(2);
  expect(file(paths.acmeSettings)).toBeNull();
});
