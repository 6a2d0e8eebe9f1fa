import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Drift } from '../../contract/drift.ts';
import { accepted, api, ready, succeeded, unique } from './agent.ts';
import { asTenant, change, ends, header, idIn, tenant } from './as-tenant.ts';
import { ask } from './executor-conversation.ts';
import { createOutside, SERVER, type Outside } from './outside.ts';
import { must, run, sculptorctl } from './server.ts';

/* Programs of sites that the network reaches, each by a port of its own, as a second network namespace sees it. */

const RULES = '/etc/sculptor/firewall/ports.nft';
const [PORT, NEXT, UDP] = [25_565, 25_566, 27_015] as const;

let outside: Outside;
let customer: string;
let site: string;
let name: string;

beforeAll(async () => {
  await ready();
  outside = createOutside();
  customer = await tenant({ publicPorts: 2 });
  ({ id: site, name } = await siteOf(customer));
});
afterAll(() => outside.remove());

async function siteOf(owner: string): Promise<{ readonly id: string; readonly name: string }> {
  const called = `${unique('port')}.example`;
  const id = idIn(await asTenant(owner, ['POST', '/v1/domains', { name: called }]), 'domain');
  return { id, name: called };
}

const serve = (port: number) => ['python3', '-m', 'http.server', String(port)];
/** In one line, as words of a program have to be. */
const ECHO = [
  'import socket',
  'own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)',
  `own.bind(('0.0.0.0', ${UDP}))`,
  "all(own.sendto(b'heard ' + said, who) for said, who in iter(lambda: own.recvfrom(2000), None))",
].join('; ');
const SPEAK = `import socket
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer.settimeout(2)
peer.sendto(b'it', ('${SERVER}', ${UDP}))
print(peer.recv(100).decode())`;
const GET = `import http.client, sys
asked = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=3)
asked.request('GET', '/')
print(asked.getresponse().status)`;

const queues = (of = name) => `/v1/domains/${of}/queues`;
const game = () => `${queues()}/game`;
const program = (port: number, more: object = {}) => ({
  ...{ name: 'game', command: serve(port), publicPort: { port }, stopSeconds: 1 },
  ...more,
});
const gets = (port: number) => outside.run('python3', '-c', GET, SERVER, String(port)).out === '200\n';
const binds = async (port: number) => {
  while (run('ss', ['-Hlntu', `sport = :${port}`]).out === '') await pause(100);
};
const kernel = () => must('nft', ['list', 'chain', 'inet', 'sculptor', 'programs']);
const findings = () => sculptorctl('doctor').out.match(/^.*(?:public ports|listeners|firewall): .*$/gm) ?? [];

/** The program is there and the network reaches it; or it does not. */
async function reached(port = PORT as number): Promise<void> {
  await binds(port);
  expect(gets(port)).toBe(true);
}
const closed = (port = PORT as number) => {
  expect(kernel()).not.toContain(String(port));
  expect(outside.reaches(port)).toBe(false);
};

test('a plan that does not name them allows none, and nothing comes of it', async () => {
  const other = await tenant({});
  const { name: of } = await siteOf(other);
  const refused = await api('POST', queues(of), header(other, { body: program(PORT) }));
  expect([refused.status, refused.json['errors']]).toEqual([
    expect.any(Number),
    [expect.objectContaining({ field: 'plan.publicPorts' })],
  ]);
  closed();
});

test('it opens with the program, and its tenant is told', async () => {
  await asTenant(customer, ['POST', queues(), program(PORT)]);
  await reached();
  expect(outside.reaches(NEXT)).toBe(false);
  const told = JSON.stringify((await api('GET', '/v1/notifications?limit=100', header(customer))).json);
  expect(told).toContain(`The network reaches the queue game by tcp port ${PORT}.`);
  expect(sculptorctl('firewall', 'show').out).toMatch(new RegExp(`^for programs +${PORT}/tcp$`, 'm'));
  expect(sculptorctl('firewall', 'open', String(PORT))).toMatchObject({ code: 1 });
  expect(findings()).toEqual([]);
});

test('it closes when the program is stopped, and opens when it is started', async () => {
  await asTenant(customer, ['POST', `${game()}/stop`]);
  closed();
  await asTenant(customer, ['POST', `${game()}/start`]);
  await reached();
});

test('with another number it is reached by that one, over UDP too, and by the former no more', async () => {
  await asTenant(customer, ['PATCH', game(), { command: serve(NEXT), publicPort: { port: NEXT } }]);
  await reached(NEXT);
  closed(PORT);
  const udp = { name: 'voice', command: ['python3', '-c', ECHO], publicPort: { port: UDP, protocol: 'udp' } };
  await asTenant(customer, ['POST', queues(), udp]);
  await binds(UDP);
  expect(outside.run('python3', '-c', SPEAK).out).toBe('heard it\n');
  await asTenant(customer, ['DELETE', `${queues()}/voice`]);
  expect(outside.run('python3', '-c', SPEAK).code).not.toBe(0);
  await asTenant(customer, ['PATCH', game(), { command: serve(PORT), publicPort: { port: PORT } }]);
  await reached();
});

test('whoever else asks for a number that is held is refused, by the API and by root', async () => {
  const other = await tenant({ publicPorts: 5 });
  const { name: of, id } = await siteOf(other);
  const refused = await api('POST', queues(of), header(other, { body: program(PORT) }));
  expect([refused.status, refused.json['errors']]).toEqual([
    409,
    [expect.objectContaining({ field: 'publicPort.port' })],
  ]);
  const spec = { ...program(PORT), workingDirectory: '', environment: {}, processes: 1, stopSignal: 'TERM' };
  const { name: called, ...asked } = { ...spec, startOnBoot: true, memoryMb: null, cpuPercent: null };
  const put = {
    id: 'k1k1k1k1k1k1',
    site: id,
    generation: 1,
    name: called,
    spec: { ...asked, running: true },
  };
  expect(await ask('socket', 'queue.put', put)).toMatchObject({ code: 'name_taken' });
  await reached();
});

test('rules of the firewall that are loaded anew, tried or taken back leave it open', () => {
  for (const words of [
    ['restart', 'sculptor-firewall.service'],
    ['start', 'nftables.service'],
    ['stop', 'nftables.service'],
    ['restart', 'sculptor-firewall.service'],
    ['start', 'sculptor-firewall-undo.service'],
  ]) {
    must('systemctl', words);
    if (words[0] !== 'stop') expect([words, gets(PORT)]).toEqual([words, true]);
  }
  expect(sculptorctl('firewall', 'open', '8443').code).toBe(0);
  expect(gets(PORT)).toBe(true);
  expect(sculptorctl('firewall', 'close', '8443').code).toBe(0);
  expect(gets(PORT)).toBe(true);
});

describe('somebody else', () => {
  const AT = 25_570;
  const thief = { name: 'thief', command: serve(AT), stopSeconds: 1 };
  const at = () => `${queues()}/late`;
  let owner: string;
  let theirs: { readonly id: string; readonly name: string };

  beforeAll(async () => {
    owner = await tenant({});
    theirs = await siteOf(owner);
  });

  test('who has bound a port is not let in by it, and keeps it from nobody but as long as it runs', async () => {
    await asTenant(owner, ['POST', queues(theirs.name), thief]);
    await binds(AT);
    const refused = await api('POST', queues(), header(customer, { body: program(AT, { name: 'late' }) }));
    expect(await ends(customer, refused)).toMatchObject({ status: 'failed', error: { code: 'name_taken' } });
    expect(outside.reaches(AT)).toBe(false);
    await asTenant(owner, ['POST', `${queues(theirs.name)}/thief/stop`]);
    await asTenant(customer, ['POST', queues(), program(AT, { name: 'late' })]);
    await reached(AT);
  });

  test('who binds it while it is closed is spoken to by nobody, and doctor says who that is', async () => {
    await asTenant(customer, ['POST', `${at()}/stop`]);
    await asTenant(owner, ['POST', `${queues(theirs.name)}/thief/start`]);
    await binds(AT);
    await asTenant(customer, ['POST', `${at()}/start`]);
    expect(kernel()).toContain(String(AT));
    expect([outside.reaches(AT), gets(AT)]).toEqual([false, false]);
    expect(findings().join('\n')).toMatch(new RegExp(`tcp port ${AT} is for a program of the user`));
    await asTenant(owner, ['DELETE', `${queues(theirs.name)}/thief`]);
    await asTenant(customer, ['POST', `${at()}/restart`]);
    await reached(AT);
    await asTenant(customer, ['DELETE', at()]);
    closed(AT);
  });
});

test('what the kernel has and no program, and what a program has and not the kernel, is named and mended', async () => {
  must('nft', ['add', 'rule', 'inet', 'sculptor', 'programs', 'tcp', 'dport', '25999', 'accept']);
  expect(findings().join('\n')).toContain(
    'The network reaches tcp port 25999, which is no port of a program now.',
  );
  must('nft', ['flush', 'chain', 'inet', 'sculptor', 'programs']);
  expect(findings().join('\n')).toContain(
    `The network does not reach tcp port ${PORT}, which a program has.`,
  );
  expect(outside.reaches(PORT)).toBe(false);
  expect(sculptorctl('firewall', 'renew').code).toBe(0);
  await reached();
  expect(findings()).toEqual([]);
});

test('rules that somebody has changed by hand are drift of the site, and repaired', async () => {
  const before = readFileSync(RULES, 'utf8');
  writeFileSync(RULES, before.replaceAll(String(PORT), '25998'));
  must('systemctl', ['restart', 'sculptor-firewall-ports.service']);
  expect(gets(PORT)).toBe(false);
  const drift = `/v1/domains/${name}/drift`;
  await asTenant(customer, ['POST', drift]);
  const found = Drift.parse((await api('GET', drift, header(customer))).json);
  expect(JSON.stringify(found)).toContain('the rules for public ports are others');
  await asTenant(customer, ['POST', `${drift}/repair`]);
  expect(readFileSync(RULES, 'utf8')).toBe(before);
  await reached();
});

test('it goes with its site into the trash, and comes back with it', async () => {
  await asTenant(customer, ['PATCH', `/v1/domains/${name}`, { enabled: false }]);
  closed();
  await asTenant(customer, ['PATCH', `/v1/domains/${name}`, { enabled: true }]);
  await reached();
  await asTenant(customer, ['DELETE', `/v1/domains/${name}`]);
  closed();
  await asTenant(customer, ['POST', `/v1/domains/${site}/restore`]);
  await reached();
});

async function plan(publicPorts: number): Promise<void> {
  await succeeded(await accepted('PATCH', `/v1/tenants/${customer}`, { body: { plan: { publicPorts } } }));
}

test('a plan that allows none any more closes it while its program runs, and opens it again', async () => {
  await plan(0);
  closed();
  expect(run('ss', ['-Hlnt', `sport = :${PORT}`]).out).not.toBe('');
  await plan(2);
  await reached();
});

describe('over ssh', () => {
  const key = join(mkdtempSync(join(tmpdir(), 'ports-')), 'key');
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'BatchMode=yes',
  ];
  const login = ['-i', key, ...options.flatMap((one) => ['-o', one]), `root@${SERVER}`];
  const ssh = (...words: readonly string[]) => outside.run('ssh', ...login, ...words);
  const isTried = () => run('systemctl', ['is-active', '--quiet', 'sculptor-firewall-undo.timer']).code === 0;

  beforeAll(() => {
    must('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-qq', '--yes', 'openssh-client']);
    must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    must('install', ['-d', '-m', '700', '/root/.ssh']);
    must('install', ['-m', '600', `${key}.pub`, '/root/.ssh/authorized_keys']);
  });

  test('a port that opens while a change of root’s is on trial is no trial: it stays when that is confirmed', async () => {
    await asTenant(customer, ['POST', `${game()}/stop`]);
    expect(ssh('sculptorctl', 'firewall', 'open', '8443').out).toMatch(/^on trial: /);
    await asTenant(customer, ['POST', `${game()}/start`]);
    await reached();
    expect(isTried()).toBe(true);
    expect(ssh('sculptorctl', 'firewall', 'confirm').code).toBe(0);
    await reached();
  });

  test('and when it is taken back', async () => {
    await asTenant(customer, ['POST', `${game()}/stop`]);
    expect(ssh('sculptorctl', 'firewall', 'close', '8443').out).toMatch(/^on trial: /);
    await asTenant(customer, ['POST', `${game()}/start`]);
    await reached();
    must('systemctl', ['start', 'sculptor-firewall-undo.service']);
    must('systemctl', ['stop', 'sculptor-firewall-undo.timer']);
    await reached();
    expect(must('nft', ['list', 'set', 'inet', 'sculptor', 'open'])).toContain('8443');
  });
});

test('it closes while its tenant is suspended, opens when that is resumed, and closes for good with it', async () => {
  await change(customer, 'suspend', { reason: 'invoice 17 is open' });
  closed();
  await change(customer, 'resume');
  await reached();
  await succeeded(await accepted('DELETE', `/v1/tenants/${customer}`));
  for (;;) {
    if (!kernel().includes(String(PORT))) break;
    await pause(300);
  }
  closed();
  expect(findings()).toEqual([]);
});
