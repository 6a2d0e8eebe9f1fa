import { cachingSha2 } from '../../../contract/caching-sha2.ts';
import { hashFor } from '../../../contract/password-hashes.ts';

test('a hash for MariaDB is what MariaDB makes of a password', () => {
  // SELECT PASSWORD('password')
  expect(hashFor('mariadb', 'password')).toBe('*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19');
});

test('a hash for MySQL has a salt of its own, by which it can be made again', () => {
  const hash = hashFor('mysql', 'password');
  expect(hash).not.toBe(hashFor('mysql', 'password'));
  expect(cachingSha2('password', Buffer.from(hash.slice(7, 27))).toString()).toBe(hash);
});
