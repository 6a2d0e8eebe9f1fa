import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { exchange } from './agent.ts';
import { must } from './server.ts';

/**
 * pebble, the authority that Let's Encrypt is tested with, and its DNS, on this server: with some of the nonces that it gave
 * refused, and what it asks for looked at by its own DNS, where a name may lead elsewhere than the server thinks.
 */
export type Authority = {
  /** The server finds the name here, and so does the authority. */
  readonly lead: (...names: readonly string[]) => void;
  /** The authority finds it at an address that nothing leads to. */
  readonly mislead: (name: string) => Promise<void>;
  readonly stop: () => void;
};

const FOLDER = '/run/acme-test';
const DNS = { port: 8053, management: 8055 };
export const DIRECTORY = 'https://acme.test:14000/dir';

/** `slow`: it waits some seconds before it looks at a name. */
export async function startAuthority({ slow = false } = {}): Promise<Authority> {
  must('apt-get', ['-q', '-y', 'install', '--no-install-recommends', 'pebble']);
  makeCertificates();
  writeFileSync(`${FOLDER}/pebble.json`, JSON.stringify({ pebble: SETTINGS }));
  appendFileSync('/etc/hosts', '127.0.0.1 acme.test\n');
  const children = [
    start('pebble-challtestsrv', {}, [
      ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
      ...['-dns01', `127.0.0.1:${DNS.port}`, '-management', `127.0.0.1:${DNS.management}`],
    ]),
    start('pebble', slow ? SLOW : AT_ONCE, [
      '-config',
      `${FOLDER}/pebble.json`,
      '-dnsserver',
      `127.0.0.1:${DNS.port}`,
    ]),
  ];
  await listens(DNS.management);
  await listens(14000);
  // Each is another authority at the same address, and knows no account of before.
  must('rm', ['-rf', '/var/lib/sculptor-acme/own/config/accounts']);
  const set = ['--directory', DIRECTORY, '--email', 'admin@host.example', '--ca', `${FOLDER}/ca.pem`];
  must('sculptorctl', ['acme', 'set', ...set, '--agree-tos']);
  return {
    lead: (...names) => appendFileSync('/etc/hosts', `127.0.0.1 ${names.join(' ')}\n`),
    mislead: async (name) => {
      const body = JSON.stringify({ host: name, addresses: ['192.0.2.9'] });
      await exchange({ host: '127.0.0.1', port: DNS.management, method: 'POST', path: '/add-a' }, body);
    },
    stop: () => {
      for (const child of children) child.kill();
      must('sculptorctl', ['acme', 'off']);
    },
  };
}

const SETTINGS = {
  listenAddress: '127.0.0.1:14000',
  managementListenAddress: '127.0.0.1:15000',
  certificate: `${FOLDER}/acme.pem`,
  privateKey: `${FOLDER}/acme.key`,
  httpPort: 80,
  tlsPort: 443,
  ocspResponderURL: '',
  externalAccountBindingRequired: false,
};

/** It refuses each seventh nonce, though it gave it. */
const ENVIRONMENT = { PEBBLE_WFE_NONCEREJECT: '15', PEBBLE_AUTHZREUSE: '0' };
const AT_ONCE = { PEBBLE_VA_NOSLEEP: '1' };
const SLOW = { PEBBLE_VA_SLEEPTIME: '8' };

function start(program: string, more: object, args: readonly string[]): ChildProcess {
  return spawn(`/usr/bin/${program}`, args, { env: { ...ENVIRONMENT, ...more }, stdio: 'ignore' });
}

/** The authority's own name, by a root that nothing on this server believes but certbot, by `--ca`. */
function makeCertificates(): void {
  must('mkdir', ['-p', FOLDER]);
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-config', '/dev/null'];
  const root = ['-keyout', `${FOLDER}/ca.key`, '-out', `${FOLDER}/ca.pem`];
  const isRoot = ['-addext', 'basicConstraints=critical,CA:TRUE', '-days', '2'];
  must('openssl', ['req', '-x509', ...kind, '-subj', '/CN=root of a test', ...isRoot, ...root]);
  const own = ['-keyout', `${FOLDER}/acme.key`, '-out', `${FOLDER}/acme.csr`];
  must('openssl', ['req', '-new', ...kind, '-subj', '/', '-addext', 'subjectAltName=DNS:acme.test', ...own]);
  const by = [
    '-CA',
    `${FOLDER}/ca.pem`,
    '-CAkey',
    `${FOLDER}/ca.key`,
    '-days',
    '2',
    '-copy_extensions',
    'copy',
  ];
  must('openssl', ['x509', '-req', '-in', `${FOLDER}/acme.csr`, ...by, '-out', `${FOLDER}/acme.pem`]);
}

/** The roots that its certificates are believed by; made anew at each start. */
export function rootsOfAuthority(): string {
  return must('curl', [
    '--silent',
    '--fail',
    '--cacert',
    `${FOLDER}/ca.pem`,
    'https://acme.test:15000/roots/0',
  ]);
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (there) return;
    await pause(100);
  }
}
