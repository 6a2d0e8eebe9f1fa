import { isRefusedAddress, networksIn } from '../../../runtime/outward-addresses.ts';
import { faultOfTarget } from '../../../runtime/webhook-targets.ts';

const NONE = { networks: [], own: [] };

test.each([
  ['an address of the internet', '93.184.216.34'],
  ['one beside what is kept', '172.32.0.1'],
  ['one beside it', '100.128.0.1'],
  ['one of IPv6', '2606:2800:220:1:248:1893:25c8:1946'],
  ['another of IPv6', '2a00:1450:4001:81b::200e'],
])('sends to %s, %s', (_, address) => {
  expect(isRefusedAddress(address, NONE)).toBe(false);
});

test.each([
  ['itself', '0.0.0.0'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.1.2'],
  ['a private network', '10.0.0.1'],
  ['a private network', '172.16.0.1'],
  ['a private network', '172.31.255.255'],
  ['a private network', '192.168.1.1'],
  ['the network of a provider', '100.64.0.1'],
  ['the metadata of a cloud', '169.254.169.254'],
  ['the metadata of a cloud', '100.100.100.200'],
  ['the metadata of a cloud', '192.0.0.192'],
  ['the wire server of a cloud', '168.63.129.16'],
  ['link-local', '169.254.1.1'],
  ['protocols', '192.0.0.8'],
  ['an example', '192.0.2.1'],
  ['an example', '198.51.100.1'],
  ['an example', '203.0.113.1'],
  ['a benchmark', '198.18.0.1'],
  ['a relay of 6to4', '192.88.99.1'],
  ['multicast', '224.0.0.1'],
  ['the future', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['nothing', '::'],
  ['loopback', '::1'],
  ['IPv4 as IPv6', '::ffff:127.0.0.1'],
  ['IPv4 as IPv6, in hexadecimal', '::ffff:7f00:1'],
  ['IPv4 as IPv6 of the internet too', '::ffff:93.184.216.34'],
  ['IPv4 as IPv6 of before', '::127.0.0.1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['NAT64 of a network', '64:ff9b:1::7f00:1'],
  ['6to4', '2002:7f00:1::1'],
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['nowhere', '100::1'],
  ['unique-local', 'fc00::1'],
  ['the metadata of a cloud', 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
  ['link-local of an interface', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['multicast', 'ff02::1'],
  ['an example', '2001:db8::1'],
  ['an example', '3fff::1'],
  ['what nobody has given out', '4000::1'],
  ['no address', 'localhost'],
  ['no address', ''],
  ['no address', '127.1'],
])('sends nothing to %s: %s', (_, address) => {
  expect(isRefusedAddress(address, NONE)).toBe(true);
});

test('this server itself is refused by each of its addresses, however they are written', () => {
  const own = ['93.184.216.34', '2606:2800:0220:0001:0248:1893:25c8:1946', 'fe80::1%eth0'];
  expect(isRefusedAddress('93.184.216.34', { networks: [], own })).toBe(true);
  expect(isRefusedAddress('2606:2800:220:1:248:1893:25c8:1946', { networks: [], own })).toBe(true);
  expect(isRefusedAddress('93.184.216.35', { networks: [], own })).toBe(false);
});

test('what root has named is sent to, and what is beside it is not', () => {
  const sendable = { networks: networksIn('10.1.0.0/16  fd00:1::/32 127.0.0.1'), own: ['10.1.0.1'] };
  for (const address of ['10.1.0.1', '10.1.2.3', 'fd00:1::5', '127.0.0.1'])
    expect(isRefusedAddress(address, sendable)).toBe(false);
  for (const address of ['10.2.0.1', 'fd00:2::5', '127.0.0.2', '169.254.169.254', '::ffff:10.1.2.3'])
    expect(isRefusedAddress(address, sendable)).toBe(true);
});

test.each([
  'https://127.0.0.1/',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://[::1]/',
  'https://[::ffff:169.254.169.254]/',
  'https://169.254.169.254:8443/latest/meta-data/',
  'https://localhost:8443/',
  'https://panel.localhost/',
  'http://panel.example/',
])('%s shows by itself that nothing is sent there', (text) => {
  expect(faultOfTarget(new URL(text), [])).toEqual(expect.any(String));
});

test.each(['https://panel.example/', 'https://93.184.216.34/', 'https://panel.example:8443/x?y=z'])(
  '%s does not',
  (text) => expect(faultOfTarget(new URL(text), [])).toBeUndefined(),
);
