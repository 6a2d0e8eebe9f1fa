import fc from 'fast-check';
import {
  Aliases,
  DatabaseName,
  DatabaseUserName,
  DomainName,
  PhpVersion,
  PublicDirectory,
} from '../../../contract/names.ts';

const label = 'a'.repeat(63);
const longest = `${label}.${label}.${label}.${'a'.repeat(61)}`;

test.each([
  'a.b',
  'shop.example',
  'a-b.example',
  '1.example',
  'xn--mnchen-3ya.example',
  `${label}.example`,
  longest,
])('the domain name %j is one', (name) => {
  expect(DomainName.safeParse(name).success).toBe(true);
});

const CONTROLS = ['\n', '\r', '\u0000', '\t', '\u007f', '\u2028', '\u0085', ' '];

test.each([
  ...[
    '',
    '.',
    'a',
    'localhost',
    'a.',
    '.a',
    'a..b',
    'test..com',
    '*.com',
    '../etc',
    'a b.example',
    'x;rm.example',
  ],
  ...[
    'A.example',
    'ä.example',
    '-a.example',
    'a-.example',
    'a_b.example',
    'a.example.',
    'a/b.example',
    'a%.example',
  ],
  ...[
    '127.0.0.1',
    'a.1',
    '1.2',
    '[::1]',
    '::1',
    `${label}a.example`,
    `${longest}a`,
    'a.example:80',
    'u@a.example',
  ],
  ...CONTROLS.flatMap((control) => [`a.example${control}`, `${control}a.example`, `a${control}.example`]),
])('the domain name %j is none', (name) => {
  expect(DomainName.safeParse(name).success).toBe(false);
});

test('a domain name is never anything that means something to a shell, a path or a configuration', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (DomainName.safeParse(text).success) expect(text).toMatch(/^[a-z0-9.-]+$/);
    }),
  );
});

test('a site has at most a hundred aliases', () => {
  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}.example`);
  expect(Aliases.safeParse(names(100)).success).toBe(true);
  expect(Aliases.safeParse(names(101)).success).toBe(false);
});

test.each(['a', 'shop', 'a_b', 'a1', 'a'.repeat(48)])('the database name %j is one', (name) => {
  expect(DatabaseName.safeParse(name).success).toBe(true);
});

test.each([
  ...['', 'A', 'Shop', '1a', '_a', 'a-b', 'a.b', 'a b', 'a`b', "a'b", 'a%', 'ä', 'a/b', 'a'.repeat(49)],
  ...['mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test'],
  ...CONTROLS.flatMap((control) => [`a${control}`, `${control}a`]),
])('the database name %j is none', (name) => {
  expect(DatabaseName.safeParse(name).success).toBe(false);
});

test.each(['a', 'shop', 'a_b', 'a'.repeat(32)])('the account %j is one', (name) => {
  expect(DatabaseUserName.safeParse(name).success).toBe(true);
});

test.each([
  ...[
    '',
    'A',
    '1a',
    '_a',
    'a-b',
    'a@localhost',
    'a%',
    "a'",
    'a'.repeat(33),
    'root',
    'mysql',
    'sculptor',
    'public',
  ],
  ...CONTROLS.flatMap((control) => [`a${control}`, `${control}a`]),
])('the account %j is none', (name) => {
  expect(DatabaseUserName.safeParse(name).success).toBe(false);
});

test.each(['public', 'public/web', 'public/a/b/c/d', 'public/a.b', 'public/v1.2-x_y'])(
  'the folder %j may be served',
  (folder) => {
    expect(PublicDirectory.safeParse(folder).success).toBe(true);
  },
);

test.each([
  ...['', '/', '.', '..', 'private', 'publicity', 'Public', 'public/', '/public', 'public//web', 'public/..'],
  ...[
    'public/a..b',
    'public/../private',
    'public/.git',
    'public/a/../b',
    'public/a/b/c/d/e',
    'public/a b',
    'public/a;b',
  ],
  ...[
    'public/$x',
    'public/a"b',
    'public/a\\b',
    'public/ä',
    `public/${'a'.repeat(65)}`,
    'public/a.',
    'public/-a',
  ],
  ...CONTROLS.flatMap((control) => [`public${control}`, `public/a${control}`, `public/a${control}b`]),
])('the folder %j may not be served', (folder) => {
  expect(PublicDirectory.safeParse(folder).success).toBe(false);
});

test.each(['5.6', '7.4', '8.2', '8.10'])('%j is a PHP version', (version) => {
  expect(PhpVersion.safeParse(version).success).toBe(true);
});

test.each(['8', '8.', '.2', '8.2.1', '4.4', '10.0', '8.123', ' 8.2', '8.2\n', '../8.2', 'latest', 8.2])(
  '%j is no PHP version',
  (version) => {
    expect(PhpVersion.safeParse(version).success).toBe(false);
  },
);
