import { BanAddress, CreateBan, SpeltBanAddress } from '../../../contract/bans.ts';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['10.0.0.1', '10.0.0.1'],
  ['223.255.255.255', '223.255.255.255'],
  ['2001:db8::7', '2001:db8::7'],
  ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
  ['2001:0db8::0007', '2001:db8::7'],
  ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1.2.3.4', '2001:db8::102:304'],
  ['1::', '1::'],
  ['::1:2:3', '::1:2:3'],
])('%s is the address %s, which is itself', (text, address) => {
  expect(BanAddress.parse(text)).toBe(address);
  expect(SpeltBanAddress.parse(address)).toBe(address);
  expect(SpeltBanAddress.safeParse(text).success).toBe(text === address);
});

test.each([
  ...['', ' ', 'localhost', 'example.com', '*', 'all', '--all', '-h', '0', '1', '2130706433', '0x7f000001'],
  ...['127.0.0.1', '127.255.0.9', '127.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.1.1.1', '255.255.255.255'],
  ...['203.0.113.07', '0203.0.113.7', '203.0.113', '203.0.113.256', '203.0.113.7.', '203.0.113.7:22'],
  ...['203.0.113.0/24', '203.0.113.7/32', '2001:db8::/32', '2001:db8::7/128', '203.0.113.7-203.0.113.9'],
  ...['::', '::1', '0:0:0:0:0:0:0:1', '::7f00:1', '::127.0.0.1', '::ffff:203.0.113.7', '::ffff:cb00:7107'],
  ...['::FFFF:127.0.0.1', '0:0:0:0:0:ffff:cb00:7107', '::203.0.113.7', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
  ...['2001:db8::7%eth0', '[2001:db8::7]', 'ff02::1', '2001:db8:::7', '1:2:3:4:5:6:7:8:9', '2001:db8::7]/x['],
  ...[
    '203.0.113.7 203.0.113.8',
    '203.0.113.7\n',
    '\n203.0.113.7',
    '203.0.113.7;id',
    '$(id)',
    '203.0.113.7\u0000',
  ],
  ...['٢٠٣.0.113.7', '203。0。113。7', '２０３.0.113.7', `2001:db8::${'0'.repeat(60)}7`],
])('%j is no address that anybody is banned by', (text) => {
  expect(BanAddress.safeParse(text).success).toBe(false);
  expect(SpeltBanAddress.safeParse(text).success).toBe(false);
});

test('without a word of jails it is both of the agent’s', () => {
  expect(CreateBan.parse({ address: '203.0.113.7' }).jails).toEqual(['sshd', 'sculptor-api']);
});

test.each([
  { jails: [] },
  { jails: ['sshd', 'sshd'] },
  { jails: ['recidive'] },
  { jails: ['--all'] },
  { jails: 'sshd' },
  { jails: ['sshd', 'sculptor-api', 'sshd'] },
  { seconds: 3600 },
])('%j is refused', (more) => {
  expect(CreateBan.safeParse({ address: '203.0.113.7', ...more }).success).toBe(false);
});
