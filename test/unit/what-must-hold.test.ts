import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOLDS, type Proof } from '../what-must-hold.ts';

/* Each promise about operations is kept by tests on a real server: they are there, and none of them is passed over. */

const SUITES = /^(?:machine|fault|attack|chaos|failpoints|doctor|scripts)\//;
const proofs = HOLDS.flatMap(({ promise, proofs: these }) =>
  these.map((proof) => [promise, ...proof] as const),
);

test('there is a row for each promise, each has tests, and none is named twice', () => {
  expect(HOLDS.map(({ promise }) => promise)).toEqual([
    ...['durable', 'once', 'whole', 'neighbours', 'truthful', 'retry', 'plan and drift', 'resources'],
    ...['audit', 'upgrading', 'shutdown'],
  ]);
  expect(HOLDS.filter(({ proofs: these }) => these.length === 0)).toEqual([]);
  const named = proofs.map((words) => words.join(' '));
  expect(named.filter((words, at) => named.indexOf(words) !== at)).toEqual([]);
});

test.each(proofs)('%s: there is a test %s, %s, on a real server, and it is not skipped', (_, file, title) => {
  expect(file).toMatch(SUITES);
  expect(flaws([file, title])).toEqual([]);
});

test('a test that is not there, or is skipped, is found', () => {
  expect(flaws(['machine/none', 'x'])).toEqual(['no such file']);
  expect(flaws(['machine/room', 'x'])).toEqual(['no such test']);
});

function flaws([file, title]: Proof): readonly string[] {
  const path = join(__dirname, '..', `${file}.test.ts`);
  if (!existsSync(path)) return ['no such file'];
  const source = readFileSync(path, 'utf8');
  const isThere = ["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote},`));
  const skips = /^\s*(?:x(?:it|test|describe)|(?:test|describe)\.(?:skip|only|todo))\b/m.test(source);
  return [...(isThere ? [] : ['no such test']), ...(skips ? ['something is skipped'] : [])];
}
