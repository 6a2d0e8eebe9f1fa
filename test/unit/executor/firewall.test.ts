import { NO_RULES, renderFirewall } from '../../../worker-privileged/executor/render/firewall.ts';
import { isAmong, Network } from '../../../worker-privileged/executor/system/firewall-settings.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeServer } from '../../fakes/executor-system.ts';

const ELSEWHERE = '198.51.100.7';

/** The table stands already: what a first run closes is a machine's to see. */
async function world() {
  const server = createFakeServer();
  const records = createFakeRecords();
  const { netfilter } = records;
  netfilter.kernel = 'table inet sculptor { }\n';
  const type = (...words: readonly string[]) => adminTerminal(server, records, ['firewall', ...words]);
  expect((await type('renew')).code).toBe(0);
  return { records, netfilter, type };
}

const bySsh = { ports: [22], sessions: [{ port: 22, peer: ELSEWHERE }] };

describe('the rules', () => {
  test('are these', () => {
    expect(renderFirewall({ ssh: [22, 2222], open: [8443, 443], sshFrom: ['192.0.2.0/24', '2001:db8::/32'] }))
      .toBe(`# Written by Sculptor Agent: sculptorctl firewall changes it.
table inet sculptor
delete table inet sculptor

table inet sculptor {
  set ssh { type inet_service; elements = { 22, 2222 }; }
  set open { type inet_service; elements = { 80, 443, 8443 }; }
  set ssh4 { type ipv4_addr; flags interval; auto-merge; elements = { 192.0.2.0/24 }; }
  set ssh6 { type ipv6_addr; flags interval; auto-merge; elements = { 2001:db8::/32 }; }
  chain programs { }
  chain owners { }
  chain input {
    type filter hook input priority filter + 10; policy drop;
    iif lo accept
    ct state invalid drop
    jump programs
    ct direction original tcp dport 20000-29999 tcp dport != @open tcp dport != @ssh drop
    ct direction original udp dport 20000-29999 drop
    ct state { established, related } accept
    icmp type { destination-unreachable, echo-request, time-exceeded, parameter-problem } accept
    icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } accept
    meta nfproto ipv4 udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    tcp dport @open accept
    ip saddr @ssh4 tcp dport @ssh accept
    ip6 saddr @ssh6 tcp dport @ssh accept
  }
  chain output {
    type filter hook output priority filter + 10; policy accept;
    oif != lo jump owners
  }
}
include "/etc/sculptor/firewall/ports.nf[t]"
`);
  });

  test('let everybody come to ssh where nobody is named, and name no element of a set that is empty', () => {
    const text = renderFirewall({ ssh: [22], open: [], sshFrom: [] });
    expect(text).toContain('    tcp dport @ssh accept\n');
    expect(text).toContain('set ssh4 { type ipv4_addr; flags interval; auto-merge; }');
  });

  test.each(['192.0.2.1', '192.0.2.0/24', '::1', '2001:db8::/32', '0.0.0.0/0'])(
    'take %s for a network',
    (one) => expect(Network.safeParse(one).success).toBe(true),
  );

  test.each([
    ...['', '192.0.2.0/33', '192.0.2.0/', '192.0.2/24', '192.0.2.0/24/1', '::/129', 'fe80::1%eth0', 'any'],
    ...['::ffff:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:192.0.2.0/120'],
    ...['192.0.2.1; flush ruleset', '192.0.2.1 }', '192.0.2.0/24\n', '192.0.2.0/+8', '@open', 'example.com'],
  ])('take no %j', (one) => expect(Network.safeParse(one).success).toBe(false));

  test('hold an address against networks of both kinds', () => {
    const networks = ['192.0.2.0/24', '2001:db8::/32', '203.0.113.5'];
    for (const [address, among] of [
      ['192.0.2.255', true],
      ['192.0.3.1', false],
      ['203.0.113.5', true],
      ['2001:db8:1::1', true],
      ['2001:db9::1', false],
    ] as const)
      expect([address, isAmong(address, networks)]).toEqual([address, among]);
    expect([isAmong('192.0.2.1', ['::/0']), isAmong('2001:db8::1', ['0.0.0.0/0'])]).toEqual([false, false]);
  });
});

describe('root', () => {
  test('at the console opens and closes a port, and it holds', async () => {
    const { netfilter, type } = await world();
    expect((await type('open', '8443')).out).toBe('changed\n');
    expect(netfilter.kept.settings.open).toEqual([8443]);
    expect(netfilter.kernel).toContain('elements = { 80, 443, 8443 }');
    expect((await type('open', '8443')).out).toBe('unchanged: it is so already\n');
    await type('close', '8443');
    expect(netfilter.kernel).toBe(netfilter.kept.text);
    expect(netfilter.kernel).toContain('elements = { 80, 443 }');
  });

  test('over ssh has a change on trial, which holds when it is confirmed and not before', async () => {
    const { netfilter, type } = await world();
    netfilter.ssh = bySsh;
    const before = netfilter.kept;
    expect((await type('open', '8443')).out).toMatch(
      /^on trial: .* within 60 seconds, or it is taken back\n$/,
    );
    expect(netfilter.kept).toBe(before);
    expect(netfilter.kernel).toContain('8443');
    expect(await type('open', '9443')).toMatchObject({ code: 1, err: expect.stringContaining('on trial') });
    expect((await type('renew')).out).toMatch(/^on trial: /);
    expect((await type('confirm')).out).toBe('confirmed: it stays\n');
    expect(netfilter.kept.settings.open).toEqual([8443]);
    expect(await type('confirm')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Nothing is on trial'),
    });
  });

  test('over ssh puts back what was confirmed and is gone from the kernel, without a trial', async () => {
    const { netfilter, type } = await world();
    netfilter.ssh = { ports: [22], sessions: [{ port: 22, peer: ELSEWHERE }] };
    netfilter.kernel = NO_RULES;
    expect((await type('renew')).out).toBe('changed\n');
    expect(netfilter.kernel).toBe(netfilter.kept.text);
  });

  test.each([
    ['the port of ssh', ['close', '22']],
    ['a port by which somebody is here', ['close', '2222']],
    ['the web’s', ['close', '80']],
    ['the web’s with TLS', ['close', '443']],
    ['ssh to who is here by it', ['ssh-from', '192.0.2.0/24']],
  ])('cannot close %s', async (_what, words) => {
    const { netfilter, type } = await world();
    netfilter.ssh = { ports: [22, 2222], sessions: [{ port: 2222, peer: ELSEWHERE }] };
    const before = [netfilter.kept, netfilter.kernel];
    expect(await type(...words)).toMatchObject({ code: 1, err: expect.stringContaining('config_refused') });
    expect([netfilter.kept, netfilter.kernel]).toEqual(before);
  });

  test('names who may come to ssh, with whoever is there by it among them', async () => {
    const { netfilter, type } = await world();
    netfilter.ssh = bySsh;
    expect((await type('ssh-from', '192.0.2.0/24', '198.51.100.0/24')).code).toBe(0);
    expect(netfilter.trial?.settings.sshFrom).toEqual(['192.0.2.0/24', '198.51.100.0/24']);
  });

  test('switches it off and on', async () => {
    const { netfilter, type } = await world();
    await type('off');
    expect(netfilter.kernel).toBe(NO_RULES);
    expect((await type('show')).out).toMatch(/^off\n/);
    netfilter.kernel = 'table inet sculptor { }\n';
    await type('on');
    expect(netfilter.kernel).toContain('policy drop');
  });

  test('is told where sshd is by now and the rules do not let in', async () => {
    const { netfilter, type } = await world();
    netfilter.ssh = { ports: [2222], sessions: [] };
    expect((await type('show')).out).toContain('run sculptorctl firewall renew');
    await type('renew');
    expect((await type('show')).out).toContain('in force\nssh   2222 from everywhere\nopen  80, 443\n');
  });

  test.each([
    ...[
      [],
      ['open'],
      ['open', '0'],
      ['open', '65536'],
      ['open', '80 }'],
      ['open', '22', '23'],
      ['open', '-1'],
    ],
    ...[['close', 'ssh'], ['ssh-from'], ['ssh-from', 'any', '192.0.2.1'], ['ssh-from', 'fe80::1%lo']],
    ...[['renew', 'now'], ['confirm', 'it'], ['on', '1'], ['flush']],
  ])('uses it wrongly: %s %s %s', async (...words: readonly string[]) => {
    const { netfilter, type } = await world();
    const before = [netfilter.kept, netfilter.kernel];
    expect((await type(...words)).code).toBe(2);
    expect([netfilter.kept, netfilter.kernel]).toEqual(before);
  });
});
