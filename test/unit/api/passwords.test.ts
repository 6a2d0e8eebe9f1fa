import { newPassword, NO_PASSWORD } from '../../../api/database-users/passwords.ts';

test('passwords are 43 characters that need no quoting, and no two are the same', () => {
  const passwords = Array.from({ length: 100 }, () => newPassword().reveal());
  for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(new Set(passwords).size).toBe(100);
});

test('the hash of an account that is to go is of no password', () => {
  expect(NO_PASSWORD).toMatch(/^\*0{40}$/);
});
