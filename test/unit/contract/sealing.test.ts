import { seal, Sealed, unseal } from '../../../contract/sealing.ts';
import { SEAL } from '../../fakes/seal.ts';
import { generateKeyPairSync } from 'node:crypto';

const text = Buffer.from('a private key');
const sealed = () => seal(SEAL.publicKey, text, 'this site');

test('what was sealed is read with the private half, about the same thing', () => {
  const one = sealed();
  expect(Sealed.safeParse(one).success).toBe(true);
  expect(unseal(SEAL.privateKey, one, 'this site')).toEqual(text);
  expect(one).not.toContain(text.toString('base64').slice(0, 12));
});

test('the same text is another each time', () => {
  expect(sealed()).not.toBe(sealed());
});

test('about another thing, with another key, or changed in any octet, it is not read', () => {
  const one = sealed();
  expect(() => unseal(SEAL.privateKey, one, 'that site')).toThrow();
  expect(() => unseal(generateKeyPairSync('x25519').privateKey, one, 'this site')).toThrow();
  const octets = Buffer.from(one, 'base64');
  for (const at of octets.keys()) {
    const changed = Buffer.from(octets);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => unseal(SEAL.privateKey, changed.toString('base64') as Sealed, 'this site')).toThrow();
  }
  for (const length of [0, 44, 60, 72, octets.length - 1]) {
    const cut = octets.subarray(0, length).toString('base64') as Sealed;
    expect(() => unseal(SEAL.privateKey, cut, 'this site')).toThrow();
  }
});
