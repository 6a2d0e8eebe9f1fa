import { ProgramEnvironment, ProgramWords, WorkingDirectory } from '../../../contract/programs.ts';

test.each([
  [['php', 'artisan', 'queue:work', '--sleep=3']],
  [['/usr/bin/env', 'A=b', 'x']],
  [['./worker', '', ' ', '$HOME', '`id`', ';', '%n', '*', 'ü', "'"]],
])('%j are words', (words) => {
  expect(ProgramWords.parse(words)).toEqual(words);
});

test.each([
  [[]],
  ['php'],
  [['']],
  [['-x']],
  [['A=b', 'php']],
  [['php', 'a\nb']],
  [['php', 'a\0']],
  [['php', '\u001b[2J']],
  [['php', '\u2028']],
  [['php', '\u0085']],
  [['php', '\ud800']],
  [['php', 3]],
  [['php', null]],
  [Array.from({ length: 101 }, () => 'a')],
  [['php', 'a'.repeat(4097)]],
  [['php', ...Array.from({ length: 3 }, () => 'ü'.repeat(2000))]],
])('%j are no words', (words) => {
  expect(ProgramWords.safeParse(words).success).toBe(false);
});

test.each([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'PWD'],
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'GLIBC_TUNABLES', 'SCULPTOR_X'],
  ...['', 'a b', '1A', 'A-B', 'A=B', 'A\n', 'A\0', 'É', '__proto__ ', 'A'.repeat(65)],
])('a program is given no variable %j', (name) => {
  expect(ProgramEnvironment.safeParse({ [name]: 'x' }).success).toBe(false);
});

test.each(['a\nb', '\0', '\u001b', 'a'.repeat(4097), 3, null])('a variable is not %j', (value) => {
  expect(ProgramEnvironment.safeParse({ A: value }).success).toBe(false);
});

test('fifty variables are enough, of 8 KiB together', () => {
  const many = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`A${index}`, value]));
  expect(ProgramEnvironment.safeParse(many(50, 'x')).success).toBe(true);
  expect(ProgramEnvironment.safeParse(many(51, 'x')).success).toBe(false);
  expect(ProgramEnvironment.safeParse(many(3, 'x'.repeat(4000))).success).toBe(false);
});

test.each(['', 'public', 'private/app', 'private/app-1.2/current_x', 'private/.config'])(
  '%j is a folder',
  (path) => {
    expect(WorkingDirectory.safeParse(path).success).toBe(true);
  },
);

test.each([
  ...['/', '/etc', '.', '..', './a', 'a/', 'a//b', 'a/.', 'a/..', 'a/../..', '../a', 'a..b', '-a', '.ssh'],
  ...['a b', 'a\n', 'a\0', '%h', '$HOME', '~', "a'b", 'ü', 'a'.repeat(201), 'a/b/c/d/e/f/g/h/i/j/k'],
])('%j is no folder', (path) => {
  expect(WorkingDirectory.safeParse(path).success).toBe(false);
});
