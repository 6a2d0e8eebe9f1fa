import { bindsBrowsersMore } from '../../../contract/hsts.ts';
import { keepsMoreOff, letsMoreIn, SiteOptions } from '../../../contract/site-options.ts';
import { VisitorHash } from '../../../contract/visitors.ts';
import { missingForWww, wwwRedirects } from '../../../contract/www.ts';

const SHA512 = 'a'.repeat(86);
const BCRYPT = 'b'.repeat(53);

test.each([
  `$6$salt$${SHA512}`,
  `$6$rounds=5000$salt$${SHA512}`,
  `$6$rounds=10000$salt$${SHA512}`,
  `$2y$05$${BCRYPT}`,
  `$2b$06$${BCRYPT}`,
])('the hash %s is taken', (hash) => {
  expect(VisitorHash.safeParse(hash).success).toBe(true);
});

test.each([
  ['bcrypt of cost 10', `$2y$10$${BCRYPT}`],
  ['bcrypt of cost 4', `$2y$04$${BCRYPT}`],
  ['bcrypt of cost 31', `$2y$31$${BCRYPT}`],
  ['SHA-512 of many rounds', `$6$rounds=10001$salt$${SHA512}`],
  ['SHA-512 of few rounds', `$6$rounds=1000$salt$${SHA512}`],
  ['MD5', `$apr1$abcdefgh$${'a'.repeat(22)}`],
  ['no hash at all', '{PLAIN}secret'],
  ['a line more', `$6$salt$${SHA512}\nroot:x`],
  ['crypt of old', 'ab01FAX.bQRSU'],
])('the hash %j is refused', (_, hash) => {
  expect(VisitorHash.safeParse(hash).success).toBe(false);
});

test.each([
  '/404.php',
  '/.htaccess',
  '/a/../b.html',
  '404.html',
  '/a b.html',
  '/a.html;',
  '/$uri.html',
  '//a.html',
])('the page %j is refused', (page) => {
  expect(SiteOptions.safeParse({ errorPages: { 404: page } }).success).toBe(false);
  expect(SiteOptions.safeParse({ errorPages: { 404: '/e/404.html' } }).success).toBe(true);
});

test('a name of a visitor stands once, however it is written', () => {
  const user = (name: string) => ({ name, passwordHash: `$6$salt$${SHA512}` });
  const both = (names: readonly string[]) =>
    SiteOptions.safeParse({ basicAuth: { users: names.map(user) } }).success;
  expect([both(['anna', 'bert']), both(['anna', 'Anna']), both([])]).toEqual([true, false, false]);
});

test('of the names of a site each is sent on whose other half it holds', () => {
  const names = ['a.example', 'www.a.example', 'b.example', 'www.c.example'];
  expect(wwwRedirects(names, 'asIs')).toEqual([]);
  expect(wwwRedirects(names, 'toWww')).toEqual([['a.example', 'www.a.example']]);
  expect(wwwRedirects(names, 'fromWww')).toEqual([['www.a.example', 'a.example']]);
});

test.each([
  ['a.example', [], 'asIs', null],
  ['a.example', [], 'toWww', 'www.a.example'],
  ['www.a.example', [], 'toWww', 'a.example'],
  ['www.a.example', ['a.example'], 'fromWww', null],
] as const)('%s with %j and %s misses %s', (...[name, aliases, www, missing]) => {
  expect(missingForWww({ name, aliases, www })).toBe(missing);
});

const open = SiteOptions.parse({});
const asking = (...users: readonly (readonly [string, string])[]) =>
  SiteOptions.parse({
    basicAuth: {
      users: users.map(([name, letter]) => ({ name, passwordHash: `$6$s$${letter.repeat(86)}` })),
    },
  });

const from = (...allowedAddresses: readonly string[]) => SiteOptions.parse({ allowedAddresses });

test.each([
  ['a list of addresses is new', open, from('192.0.2.0/24'), true, false],
  ['a list of addresses is gone', from('192.0.2.0/24'), open, false, true],
  ['a network is added', from('192.0.2.0/24'), from('192.0.2.0/24', '2001:db8::/32'), false, true],
  ['a network is missing', from('192.0.2.0/24', '2001:db8::/32'), from('192.0.2.0/24'), true, false],
  ['a network is another', from('192.0.2.0/24'), from('192.0.0.0/16'), true, true],
  ['networks stand in another order', from('192.0.2.1', '::1'), from('::1', '192.0.2.1'), false, false],
  ['nobody is asked any more', asking(['a', 'x']), open, false, true],
  ['everybody is asked', open, asking(['a', 'x']), true, false],
  ['one more comes in', asking(['a', 'x']), asking(['a', 'x'], ['b', 'y']), false, true],
  ['one less comes in', asking(['a', 'x'], ['b', 'y']), asking(['a', 'x']), true, false],
  ['a password is another', asking(['a', 'x']), asking(['a', 'y']), true, true],
  ['nothing is another', asking(['a', 'x']), asking(['a', 'x']), false, false],
])('where %s it is known who is kept off and who let in', (...[, before, after, off, into]) => {
  expect([keepsMoreOff(before, after), letsMoreIn(before, after)]).toEqual([off, into]);
});

const bound = (maxAgeSeconds: number, includeSubdomains = false, preload = false) => ({
  ...{ maxAgeSeconds, includeSubdomains, preload },
});

test.each([
  [null, bound(60), true],
  [bound(0), bound(60), true],
  [bound(60), bound(61), true],
  [bound(60), bound(60, true), true],
  [bound(31_536_000, true), bound(31_536_000, true, true), true],
  [bound(60, true), bound(60), false],
  [bound(60), bound(59), false],
  [bound(60), bound(60), false],
  [bound(60), bound(0, true), false],
  [bound(60), null, false],
  [null, bound(0), false],
])('from %j to %j browsers are bound by more: %s', (before, after, more) => {
  expect(bindsBrowsersMore(before, after)).toBe(more);
});
