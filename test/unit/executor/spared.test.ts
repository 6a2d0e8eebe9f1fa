import { BanAddress } from '../../../contract/bans.ts';
import { ownAddresses } from '../../../worker-privileged/executor/system/own-addresses.ts';
import { paths } from '../../../worker-privileged/executor/system/paths.ts';
import { createSpared } from '../../../worker-privileged/executor/system/spared.ts';
import { administratorsIn } from '../../../worker-privileged/executor/system/ssh-reach.ts';

const ADMIN = '0 0 192.0.2.1:22 198.51.100.5:50000 users:(("sshd",pid=10,fd=4))';
const GUEST = '0 0 192.0.2.1:22 198.51.100.6:50000 users:(("sshd",pid=11,fd=4),("sshd",pid=12,fd=4))';
const SIX = '0 0 [2001:db8::1]:22 [2001:db8::5]:50000 users:(("sshd",pid=10,fd=4))';
const UIDS: Readonly<Record<number, number>> = { 10: 0, 11: 0, 12: 105 };

function build({
  panel = '203.0.113.0/24 2001:db8:1::/64',
  ignored = ['127.0.0.0/8', '::1', '192.0.2.128/25'],
  connections = `${ADMIN}\n${GUEST}\n${SIX}\n`,
} = {}) {
  const config = JSON.stringify({ mode: 'systemd', panelAddresses: panel });
  return createSpared({
    files: { read: (path) => Promise.resolve(path === paths.agentConfig ? config : null) },
    fail2ban: { ignored: (jail) => Promise.resolve(jail === 'sshd' ? ignored : []) },
    around: { connections: () => Promise.resolve(connections) },
    readOwn: () => Promise.resolve(['127.0.0.1', '192.0.2.1', '2001:0db8:0000:0000:0000:0000:0000:0001']),
    administrators: (text) => administratorsIn(text, (pid) => Promise.resolve(UIDS[pid] ?? null)),
  });
}

const refuse = (address: string, world = build()) =>
  world.refuse(BanAddress.parse(address), ['sculptor-api', 'sshd']);

test.each([
  ['192.0.2.1', /this server/],
  ['2001:db8::1', /this server/],
  ['203.0.113.200', /panel/],
  ['2001:db8:1::9', /panel/],
  ['192.0.2.129', /ignoreip/],
  ['198.51.100.5', /by ssh/],
  ['2001:db8::5', /by ssh/],
])('%s is banned by nobody, and why is said', async (address, words) => {
  await expect(refuse(address)).rejects.toMatchObject({
    failure: { code: 'protected', message: expect.stringMatching(words) },
  });
});

test.each(['192.0.2.2', '203.0.114.1', '2001:db8:2::9', '198.51.100.7'])('%s may be', async (address) => {
  await expect(refuse(address)).resolves.toBeUndefined();
});

test('who has not logged in yet keeps nobody from banning them', async () => {
  await expect(refuse('198.51.100.6')).resolves.toBeUndefined();
});

test.each([
  ['the panel’s', { panel: '203.0.113.0/33' }],
  ['ignoreip’s', { ignored: ['office.example'] }],
  ['ignoreip’s', { ignored: ['::ffff:203.0.113.7'] }],
])('where a word of %s is no address nobody is banned, for it may be anybody’s', async (_, more) => {
  await expect(refuse('198.51.100.9', build(more))).rejects.toMatchObject({
    failure: { code: 'server_broken' },
  });
});

const TRIE = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.1
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
Local:
     |-- 192.0.2.1
        /32 host LOCAL
`;
const INET6 =
  '00000000000000000000000000000001 01 80 10 80       lo\n20010db8000000000000000000000001 05 40 00 80    cable\n';

test('this server’s own are read as Linux tells them', () => {
  expect(ownAddresses(TRIE, INET6)).toEqual([
    ...['192.0.2.1', '127.0.0.1', '0000:0000:0000:0000:0000:0000:0000:0001'],
    '2001:0db8:0000:0000:0000:0000:0000:0001',
  ]);
});

test('where none is read it was not read', () => {
  expect(() => ownAddresses('', '')).toThrow();
});
