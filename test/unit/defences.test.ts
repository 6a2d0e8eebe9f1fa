import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patternOf } from '../defences/defence.ts';
import { DEFENCES } from '../defences/list.ts';
import { selected } from '../defences/selection.ts';
import { whyNotNoticed, whyNotPassed } from '../defences/verdict.ts';

/* The list of defences fits the tree; that each is noticed when it goes, scripts/defences.sh tries. */

const TREE = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(TREE, file), 'utf8');

test.each(DEFENCES)('what is taken away of "$name" stands in its file once', ({ change }) => {
  expect(read(change.file).split(change.from)).toHaveLength(2);
  expect(change.to).not.toContain(change.from);
});

test.each(DEFENCES)('the test that has to notice "$name" is in a file that is there', ({ noticed }) => {
  expect(existsSync(join(TREE, noticed.file))).toBe(true);
});

test('the list has thirty defences and more, each under a name of its own', () => {
  expect(DEFENCES.length).toBeGreaterThan(30);
  expect(new Set(DEFENCES.map(({ name }) => name)).size).toBe(DEFENCES.length);
});

test('the parts make the whole, whatever the seed', () => {
  for (const seed of [0, 1, 4_294_967_295]) {
    const parts = [1, 2, 3].flatMap((part) => selected(DEFENCES, { names: [], part: `${part}/3`, seed }));
    expect(new Set(parts)).toEqual(new Set(DEFENCES));
  }
});

test('a name that is not in the list is told', () => {
  expect(() => selected(DEFENCES, { names: ['walls'], part: undefined, seed: 1 })).toThrow('called walls');
});

test('a title is looked for as it is', () => {
  const noticed = { file: 'test/unit/x.test.ts', test: 'refuses {"a":[1]} (all) of \\z' };
  expect(new RegExp(patternOf({ noticed })).test(noticed.test)).toBe(true);
});

describe('what counts as noticed', () => {
  const defence = {
    name: 'walls',
    against: 'wolves',
    change: { file: 'a.ts', from: 'a', to: 'b' },
    noticed: { file: 'test/unit/x.test.ts', test: 'keeps the wolf out' },
  };
  const path = '/copy/test/unit/x.test.ts';
  const one = (status: string, message: string, line = 10) => ({
    fullName: defence.noticed.test,
    status,
    failureMessages: message === '' ? [] : [message],
    location: { line },
  });
  const other = {
    fullName: 'another',
    status: 'passed',
    failureMessages: [] as string[],
    location: { line: 20 },
  };
  const report = (...assertionResults: readonly (typeof other)[]) => ({
    testResults: [{ name: path, message: 'Cannot find module', assertionResults }],
  });
  const assertion = `Error: expect(received).toBe(expected)\n    at Object.<anonymous> (${path}:12:3)`;

  test('an assertion of the named test', () => {
    expect(whyNotNoticed(defence, report(one('failed', assertion), other), '/copy')).toBeNull();
  });

  test.each([
    ['a test that passes', report(one('passed', '')), 'no test has noticed'],
    [
      'a set-up step that fails',
      report(one('failed', assertion.replace(':12:', ':3:')), other),
      'not by what it asserts',
    ],
    [
      'another test that fails',
      report(one('passed', ''), { ...other, status: 'failed' }),
      'no test has noticed',
    ],
    [
      'a test that runs out of time',
      report(one('failed', 'thrown: "Exceeded timeout"')),
      'not by what it asserts',
    ],
    [
      'an error in the test',
      report(one('failed', `TypeError: x\n    at ${path}:12:3`)),
      'not by what it asserts',
    ],
    ['a file that cannot be loaded', report(), 'the test was not run: Cannot find module'],
    ['a file of another copy', { testResults: [] }, 'was not run'],
  ])('is not %s', (_, ran, why) => {
    expect(whyNotNoticed(defence, ran, '/copy')).toContain(why);
  });

  test('and with the defence it has to pass', () => {
    expect(whyNotPassed(defence, report(one('passed', '')), '/copy')).toBeNull();
    expect(whyNotPassed(defence, report(one('failed', assertion)), '/copy')).toContain('the test is failed');
    expect(whyNotPassed(defence, report(one('pending', '')), '/copy')).toContain('the test is pending');
    expect(whyNotPassed(defence, report(other), '/copy')).toBe('there is no such test');
  });
});
