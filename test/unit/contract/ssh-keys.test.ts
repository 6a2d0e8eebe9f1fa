import { generateKeyPairSync } from 'node:crypto';
import { SshPublicKey } from '../../../contract/ssh-keys.ts';

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function rsa(bits: number): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]);
  const blob = [Buffer.from('ssh-rsa'), Buffer.from(e, 'base64url'), modulus].map(field);
  return `ssh-rsa ${Buffer.concat(blob).toString('base64')}`;
}

/** A key of a type with these octets after it. */
function key(type: string, ...fields: readonly (string | Buffer)[]): string {
  const blob = [type, ...fields].map((each) => field(typeof each === 'string' ? Buffer.from(each) : each));
  return `${type} ${Buffer.concat(blob).toString('base64')}`;
}

const octets = (length: number) => Buffer.alloc(length, 7);
const point = (coordinate: number) => Buffer.concat([Buffer.from([4]), octets(2 * coordinate)]);
const ECDSA = 'ecdsa-sha2-nistp256';
const SK = 'sk-ssh-ed25519@openssh.com';

test.each([
  key('ssh-ed25519', octets(32)),
  key(ECDSA, 'nistp256', point(32)),
  key('ecdsa-sha2-nistp384', 'nistp384', point(48)),
  key('ecdsa-sha2-nistp521', 'nistp521', point(66)),
  key(SK, octets(32), 'ssh:'),
  key('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point(32), 'ssh:'),
])('each type is taken with the fields that it has: %s', (text) => {
  expect(SshPublicKey.parse(text)).toBe(text);
});

test('a public key is taken without its comment', () => {
  expect(SshPublicKey.parse(`${ED25519} Anna's laptop`)).toBe(ED25519);
  expect(SshPublicKey.parse(rsa(2048))).toMatch(/^ssh-rsa /);
});

test.each([
  ['options before it', `command="/bin/sh" ${ED25519}`],
  ['a second line', `${ED25519}\nssh-rsa AAAA`],
  ['a carriage return', `${ED25519}\r`],
  ['another type than is in it', ED25519.replace('ssh-ed25519', 'ssh-rsa')],
  [
    'DSA',
    `ssh-dss ${Buffer.concat([field(Buffer.from('ssh-dss')), field(Buffer.alloc(20, 1))]).toString('base64')}`,
  ],
  ['a certificate', ED25519.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com')],
  ['an end that was lost', ED25519.slice(0, -4)],
  ['something after its end', `${ED25519.slice(0, -1)}lAAAA`],
  ['base64 that is not the one form of it', `${ED25519.slice(0, -1)}m=`],
  ['RSA of 1024 bits', rsa(1024)],
  ['too few octets', key('ssh-ed25519', octets(5))],
  ['one field more', key('ssh-ed25519', octets(32), 'more')],
  ['no field but its type', key('ssh-ed25519')],
  ["another curve's name", key(ECDSA, 'nistp384', point(32))],
  ["another curve's point", key(ECDSA, 'nistp256', point(48))],
  ['a point that is compressed', key(ECDSA, 'nistp256', Buffer.concat([Buffer.from([2]), octets(64)]))],
  ['no application', key(SK, octets(32))],
  ['no exponent', key('ssh-rsa', '', octets(256))],
  ['a blank at its beginning', ` ${ED25519}`],
  ['a comment with a control character', `${ED25519} a\u0007b`],
  ['nothing', ''],
])('a key with %s is refused', (_what, text) => {
  expect(SshPublicKey.safeParse(text).success).toBe(false);
});
