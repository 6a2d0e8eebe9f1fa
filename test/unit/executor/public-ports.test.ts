import type { DomainId, PartId, TenantId } from '../../../contract/ids.ts';
import { PublicPort, QueueSettings, QueueSpec, UpdateQueue } from '../../../contract/queues.ts';
import { PartName } from '../../../contract/site-parts.ts';
import { NO_LIMITS, Plan, TenantSpec } from '../../../contract/tenants.ts';
import { bound, given, inTable } from '../../../worker-privileged/executor/doctor/public-ports.ts';
import { NO_RULES, renderFirewall } from '../../../worker-privileged/executor/render/firewall.ts';
import { renderPublicPorts } from '../../../worker-privileged/executor/render/public-ports.ts';
import { boundIn } from '../../../worker-privileged/executor/system/bound-ports.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { alignSite } from '../../../worker-privileged/executor/verbs/align.ts';
import { moveSite } from '../../../worker-privileged/executor/verbs/site-move.ts';
import { takeUpPorts } from '../../../worker-privileged/executor/verbs/site-parts/public-port.ts';
import { putPart, removePart } from '../../../worker-privileged/executor/verbs/site-parts.ts';
import { purgeSite, restoreSite } from '../../../worker-privileged/executor/verbs/site-trash.ts';
import { putSite, removeSite } from '../../../worker-privileged/executor/verbs/site.ts';
import { putTenant } from '../../../worker-privileged/executor/verbs/tenant.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { failureOf, ID, recordedRun, spec } from './sites.ts';

/* Ports by which programs are reached: whose they are, and when the rules that root renders have them open. */

const TENANT = 'tenant123456' as TenantId;
const OTHER = 'tenant654321' as TenantId;
const SECOND = 'b1b2c3d4e5f6' as DomainId;
const FIRST_UID = 66_000;

const SETTINGS = QueueSettings.parse({ command: ['./server'] });

async function world(publicPorts: number | null = 2) {
  const server = createFakeServer();
  const text = renderFirewall({ ssh: [22], sshFrom: [], open: [] });
  server.disk.set(paths.firewallRules, { kind: 'file', text, mode: 0o600 });
  const { system } = createFakeSystem(server);
  let generation = 0;
  const tenant = async (change: { suspended?: boolean; plan?: Partial<Plan> } = {}, id = TENANT) => {
    const plan = { ...NO_LIMITS, publicPorts, ...change.plan };
    const asked = { id, generation: (generation += 1), suspended: change.suspended ?? false, plan };
    const { sites } = await putTenant(system)(TenantSpec.parse(asked), recordedRun());
    for (const site of sites) await alignSite(system)({ id: site }, recordedRun());
  };
  const site = (change: Parameters<typeof spec>[0] = {}) =>
    putSite(system)(spec({ tenant: TENANT, ...change }), recordedRun());
  const put = (
    id: string,
    publicPort: PublicPort | null,
    more: { site?: DomainId; running?: boolean } = {},
  ) => {
    const { site = ID, running = true } = more;
    const queue = QueueSpec.parse({ ...SETTINGS, publicPort, running });
    const place = { id: id as PartId, site, generation: (generation += 1) };
    return putPart(system, 'queue')({ ...place, name: PartName.parse('game'), spec: queue }, recordedRun());
  };
  const remove = (id: string) =>
    removePart(system, 'queue')({ id: id as PartId, site: ID, generation: (generation += 1) }, recordedRun());
  const open = () => {
    const node = server.disk.get(paths.firewallPorts);
    const rules = node?.kind === 'file' ? node.text : '';
    return Array.from(rules.matchAll(/(?:tcp|udp) dport \{ ([0-9, ]+) \} accept/g), ([, all]) => all).join(
      ' ',
    );
  };
  await tenant();
  await site();
  return { server, system, tenant, site, put, remove, open };
}

const [GAME, CHAT] = ['game12345678', 'chat12345678'];
const tcp = (port: number): PublicPort => ({ port, protocol: 'tcp' });
const udp = (port: number): PublicPort => ({ port, protocol: 'udp' });

test('the rules are these: who is let in, and whose an answer has to be', () => {
  const open = [
    { ...tcp(25_565), uid: 66_001 },
    { ...tcp(20_000), uid: 66_000 },
    { ...udp(27_015), uid: 66_001 },
  ];
  expect(renderPublicPorts(open))
    .toBe(`# Written by Sculptor Agent: sculptorctl queue has ports opened and closed.
table inet sculptor {
  chain programs { }
  chain owners { }
}
flush chain inet sculptor programs
flush chain inet sculptor owners
table inet sculptor {
  chain programs {
    tcp dport { 20000, 25565 } accept
    udp dport { 27015 } accept
  }
  chain owners {
    meta skuid . tcp sport { 66000 . 20000, 66001 . 25565 } accept
    tcp sport { 20000, 25565 } tcp flags & (syn | ack) == (syn | ack) drop
    tcp sport { 20000, 25565 } meta skuid != 4294967294 drop
    meta skuid . udp sport { 66001 . 27015 } accept
    udp sport { 27015 } drop
  }
}
`);
  expect(renderPublicPorts([])).toContain('  chain programs {\n  }\n  chain owners {\n  }\n');
});

test.each([0, 22, 80, 443, 1023, 19_999, 30_000, 32_768, 65_536, 25_565.5, '25565'])(
  'no program has the port %j',
  (port) => expect(PublicPort.safeParse({ port }).success).toBe(false),
);

test('what is not said is TCP, none, and of a change nothing', () => {
  expect(PublicPort.parse({ port: 25_565 })).toEqual(tcp(25_565));
  expect(SETTINGS.publicPort).toBeNull();
  expect(UpdateQueue.parse({ processes: 2 })).toEqual({ processes: 2 });
  const before = Object.entries(NO_LIMITS).filter(([name]) => name !== 'publicPorts');
  expect(Plan.parse(Object.fromEntries(before))).toEqual({ ...NO_LIMITS, publicPorts: 0 });
});

test('it opens with its program, closes with it, and stays its own until that is gone', async () => {
  const { put, remove, open, server } = await world();
  await put(GAME, udp(25_565), { running: false });
  expect(open()).toBe('');
  await put(GAME, udp(25_565));
  expect(open()).toBe('25565');
  await put(GAME, udp(25_565), { running: false });
  expect(open()).toBe('');
  expect(await failureOf(put(CHAT, tcp(25_565)))).toBe('name_taken');
  await put(GAME, tcp(25_566));
  expect(open()).toBe('25566');
  await put(CHAT, tcp(25_565));
  expect(open()).toBe('25565, 25566');
  await put(GAME, null);
  expect(open()).toBe('25565');
  await remove(CHAT);
  expect(open()).toBe('');
  expect([...server.disk.keys()].filter((path) => path.startsWith(`${paths.publicPorts}/`))).toEqual([]);
});

test('a port that is reached anew is counted as letting in, and one that is given up is not', async () => {
  const { put, server } = await world();
  const counted = () => {
    const node = server.disk.get(paths.letIn);
    return node?.kind === 'file' ? (JSON.parse(node.text) as unknown[]).length : 0;
  };
  await put(GAME, null);
  const before = counted();
  await put(GAME, tcp(25_565));
  await put(GAME, tcp(25_566));
  expect(counted()).toBe(before + 2);
  await put(GAME, tcp(25_566), { running: false });
  await put(GAME, null);
  expect(counted()).toBe(before + 2);
});

test('after a start of the server the kernel reads them once more, and what somebody has written there stays', async () => {
  const { put, server, system } = await world();
  await put(GAME, tcp(25_565));
  const rules = server.disk.get(paths.firewallPorts);
  server.disk.delete(paths.firewallPortsRead);
  await takeUpPorts(system);
  expect(server.disk.get(paths.firewallPortsRead)).toEqual(rules);
  server.disk.delete(paths.firewallPortsRead);
  server.disk.set(paths.firewallPorts, { kind: 'file', text: '# by hand\n', mode: 0o600 });
  await takeUpPorts(system);
  expect([server.disk.get(paths.firewallPortsRead), server.disk.get(paths.firewallPorts)]).toEqual([
    undefined,
    { kind: 'file', text: '# by hand\n', mode: 0o600 },
  ]);
});

test('it is refused beyond the plan, and nothing is left of the program', async () => {
  const { put, open, server } = await world(1);
  await put(GAME, tcp(25_565));
  const before = new Map(server.disk);
  expect(await failureOf(put(CHAT, tcp(25_566)))).toBe('plan_limit');
  expect(open()).toBe('25565');
  expect([...server.disk.keys()].filter((path) => path.includes(CHAT))).toEqual([]);
  expect(server.disk.get(paths.firewallPorts)).toEqual(before.get(paths.firewallPorts));
  // Another one in the place of its own is no further one.
  await put(GAME, tcp(25_567));
  expect(open()).toBe('25567');
});

test.each([
  ['another user listens on it', { bound: [{ ...tcp(25_565), uid: 0 }] }, 'name_taken'],
  ['another site does', { bound: [{ ...tcp(25_565), uid: FIRST_UID + 1 }] }, 'name_taken'],
  ['its own site does', { bound: [{ ...tcp(25_565), uid: FIRST_UID }] }, 'none'],
  ['another protocol is listened on', { bound: [{ ...udp(25_565), uid: 0 }] }, 'none'],
  ['root has opened it for something else', { open: [25_565] }, 'name_taken'],
  ['the rules are of a version before', { rules: 'table inet sculptor { chain input { } }' }, 'not_ready'],
  ['there is no firewall', { rules: null }, 'not_ready'],
  ['root has switched it off', { rules: NO_RULES }, 'none'],
] as const)('where %s, the answer of root is as it should be', async (_what, there, code) => {
  const { put, server } = await world();
  const {
    bound = [],
    open = [],
    rules,
  } = there as {
    bound?: typeof server.bound;
    open?: number[];
    rules?: string | null;
  };
  server.bound = bound;
  const file = (text: string) => ({ kind: 'file' as const, text, mode: 0o600 });
  server.disk.set(paths.firewallSettings, file(JSON.stringify({ open })));
  if (rules === null) server.disk.delete(paths.firewallRules);
  else if (rules !== undefined) server.disk.set(paths.firewallRules, file(rules));
  expect(await failureOf(put(GAME, tcp(25_565)))).toBe(code);
});

test('it goes with its site to the trash, and comes back with it; purged, it is free', async () => {
  const { put, open, site, system } = await world();
  await put(GAME, tcp(25_565));
  await site({ enabled: false, generation: 2 });
  expect(open()).toBe('');
  await site({ generation: 3 });
  expect(open()).toBe('25565');
  await removeSite(system)({ id: ID }, recordedRun());
  expect(open()).toBe('');
  await restoreSite(system)(spec({ tenant: TENANT, generation: 4 }), recordedRun());
  expect(open()).toBe('25565');
  await removeSite(system)({ id: ID }, recordedRun());
  await purgeSite(system, { atOnce: true })({ id: ID }, recordedRun());
  expect([open(), await system.publicPorts.list()]).toEqual(['', []]);
});

test('where the plan allows fewer when the site comes back, its program runs and is not reached', async () => {
  const { put, open, system, tenant, server } = await world();
  await put(GAME, tcp(25_565));
  await removeSite(system)({ id: ID }, recordedRun());
  await tenant({ plan: { publicPorts: 0 } });
  await restoreSite(system)(spec({ tenant: TENANT, generation: 4 }), recordedRun());
  expect([open(), server.programs.size]).toEqual(['', 1]);
});

test('a plan that is lowered closes the youngest, a suspension all, and both bring back what they took', async () => {
  const { put, open, tenant, server } = await world();
  await put(GAME, tcp(25_566));
  server.now = '2026-01-02T03:05:05.678Z';
  await put(CHAT, tcp(25_565));
  await tenant({ plan: { publicPorts: 1 } });
  expect(open()).toBe('25566');
  await tenant({ suspended: true });
  expect(open()).toBe('');
  await tenant();
  expect(open()).toBe('25565, 25566');
});

test('given to a tenant whose plan has none the site takes its port along, closed', async () => {
  const { put, open, system, tenant } = await world();
  await put(GAME, tcp(25_565));
  await tenant({ plan: { publicPorts: 0 } }, OTHER);
  await moveSite(system)({ ...spec({ tenant: TENANT, generation: 5 }), to: OTHER }, recordedRun());
  expect(open()).toBe('');
  await tenant({ plan: { publicPorts: 1 } }, OTHER);
  expect(open()).toBe('25565');
});

test('what comes about for one site leaves the ports of the others', async () => {
  const { put, open, site, remove } = await world();
  await site({ id: SECOND, name: 'second.example' });
  await put(GAME, tcp(25_565));
  await put(CHAT, tcp(25_566), { site: SECOND });
  expect(open()).toBe('25565, 25566');
  await remove(GAME);
  expect(open()).toBe('25566');
});

test('where the kernel does not take the rules, those from before hold and the program is as it was', async () => {
  const { put, open, system, server } = await world();
  await put(GAME, tcp(25_565));
  const failing = {
    ...system,
    publicPorts: { ...system.publicPorts, load: () => Promise.reject(new Error('no')) },
  };
  const queue = QueueSpec.parse({ ...SETTINGS, publicPort: tcp(25_566), running: true });
  const asked = { id: CHAT as PartId, site: ID, generation: 9, name: PartName.parse('chat'), spec: queue };
  expect(await failureOf(putPart(failing, 'queue')(asked, recordedRun()))).toEqual(new Error('no'));
  expect([open(), server.programs.size]).toEqual(['25565', 1]);
});

test('who has bound a port is read as Linux tells it', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:63DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000 66001        0 76991 1 0 100 0 0 10 0
   1: 0100007F:63DD 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 77780 1 0 100 0 0 10 0
   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
`;
  expect(boundIn(text, { protocol: 'tcp', state: '0A' })).toEqual([
    { protocol: 'tcp', port: 25_565, uid: 66_001 },
    { protocol: 'tcp', port: 80, uid: 0 },
  ]);
});

describe('doctor', () => {
  const should = [{ ...tcp(25_565), uid: 66_001 }];
  const listing = (rule: string) => `table inet sculptor {\n\tchain programs {\n\t\t${rule}\n\t}\n}\n`;
  const said = (found: readonly { readonly sentence: string }[]) => found.map(({ sentence }) => sentence);

  test('names a port that the network reaches without a program, and a program without its port', () => {
    expect(inTable(listing('tcp dport 25565 accept'), should)).toEqual([]);
    expect(said(inTable(listing('tcp dport { 25565, 25566 } accept'), should))).toEqual([
      'The network reaches tcp port 25566, which is no port of a program now.',
    ]);
    expect(said(inTable(listing('udp dport 25565 accept'), should))).toEqual([
      'The network reaches udp port 25565, which is no port of a program now.',
      'The network does not reach tcp port 25565, which a program has.',
    ]);
    expect(inTable(null, should)).toEqual([]);
  });

  test('names who has bound it in its place', () => {
    expect(bound(should, should)).toEqual([]);
    expect(said(bound([{ ...tcp(25_565), uid: 66_002 }], should))).toEqual([
      'tcp port 25565 is for a program of the user 66001, and the user 66002 has bound it.',
    ]);
  });

  test('warns where the kernel gives those numbers away', () => {
    expect(given('32768\t60999\n', '\n')).toEqual([]);
    expect(given('1024\t65535\n', '\n')).toHaveLength(1);
    expect(given('1024\t65535\n', '20000-29999\n')).toEqual([]);
  });
});
