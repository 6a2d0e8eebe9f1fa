import { appendFileSync, readFileSync } from 'node:fs';
import { ready, TOKEN_FILE, unique } from './agent.ts';
import { sculptorctl } from './server.ts';

/* sculptorctl from elsewhere: over TLS, through nginx, with a token and an address. */

const CERTIFICATE = '/etc/sculptor/tls/server.crt';
const { serverName } = JSON.parse(readFileSync('/etc/sculptor/agent.json', 'utf8')) as { serverName: string };
const there = ['--address', `https://${serverName}`];
const trusted = [...there, '--ca', CERTIFICATE, '--token-file', TOKEN_FILE];

beforeAll(async () => {
  await ready();
  appendFileSync('/etc/hosts', `127.0.0.1 ${serverName}\n`);
});

test('a write is followed to its end through nginx, each step as it ends', () => {
  const name = `${unique('remote')}.example`;
  const created = sculptorctl(...trusted, 'domain', 'create', name, '--type', 'static');
  expect(created).toMatchObject({ code: 0, err: '' });
  expect(created.out).toMatch(/^ {2}✔ /m);
  expect(created.out).toContain(`domain.create ${name}: succeeded\n`);
  expect(sculptorctl(...trusted, 'domain', 'show', name).out).toMatch(/^status +live$/m);
});

test('a certificate that is not the one given is not spoken to', () => {
  const { code, err } = sculptorctl(...there, '--token-file', TOKEN_FILE, 'domain', 'list');
  expect(err).toContain('is not trusted');
  expect(code).toBe(1);
});

test('a name that is not in the certificate is not spoken to', () => {
  const other = sculptorctl(
    '--address',
    'https://localhost',
    '--ca',
    CERTIFICATE,
    '--token-file',
    TOKEN_FILE,
    'domain',
    'list',
  );
  expect(other.err).toContain('does not answer under this name');
  expect(other.code).toBe(1);
});

test('a wrong token is refused', () => {
  const { code, err } = sculptorctl(
    ...there,
    '--ca',
    CERTIFICATE,
    '--token-file',
    '/etc/hostname',
    'domain',
    'list',
  );
  expect(err).toContain('A valid bearer token is needed');
  expect(code).toBe(1);
});

test('health is told without a token', () => {
  expect(sculptorctl(...there, '--ca', CERTIFICATE, 'health').out).toMatch(/^status +ready$/m);
});
