import { cachingSha2 } from '../../../contract/caching-sha2.ts';

/* The first is printed by the manual of MySQL 8.4 for SHOW CREATE USER, the second is hashcat's example of mode 7401. */
test.each([
  [
    'secret',
    '244124303035240C7745603626313D613C4C10633E0A104B1E14135A544A7871567245614F4872344643546336546F624F6C7861326932752F45622F4F473273597557627139',
  ],
  [
    'hashcat',
    '24412430303524F9CC98CE08892924F50A213B6BC571A2C11778C5625479393559393965414D45316477456B484F41316E64484742577A2E3162785353526B7554584647562F',
  ],
])('%s with the salt that is published makes the hash that is published', (password, hex) => {
  const published = Buffer.from(hex, 'hex');
  expect(cachingSha2(password, published.subarray(7, 27))).toEqual(published);
});
