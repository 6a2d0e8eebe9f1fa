import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateDatabaseUser } from '../../contract/databases.ts';
import { CreateDomain, ResourceStatus } from '../../contract/domains.ts';
import { FailureCode } from '../../contract/failures.ts';
import { NotificationKind } from '../../contract/notifications.ts';
import { OperationStatus } from '../../contract/operations.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import { CreateToken, Scope } from '../../contract/tokens.ts';
import { TrashItem } from '../../contract/trash.ts';

/* What the documents list is what the contract has: nothing missing, nothing that is no more. */

function read(file: string): string {
  return readFileSync(join(__dirname, '../../docs', file), 'utf8');
}

/** The first cells of the table under a heading, without their backticks. */
function firstCells(text: string, heading: string): readonly string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return Array.from(section.matchAll(/^\| `([^`]+)` \|/gm), ([, cell = '']) => cell);
}

test('operating.md explains every failure code, and no other', () => {
  expect([...firstCells(read('operating.md'), 'When an operation fails')].sort()).toEqual(
    [...FailureCode.options].sort(),
  );
});

test('api.md lists every kind of refusal with its status', () => {
  const rows = Object.entries(PROBLEMS).map(([kind, { status }]) => `| \`${kind}\` | ${status} |`);
  expect(rows.filter((row) => !read('api.md').includes(row))).toEqual([]);
  expect([...firstCells(read('api.md'), 'Refusals')].sort()).toEqual(Object.keys(PROBLEMS).sort());
});

test('api.md describes every field of a domain that can be asked for', () => {
  const fields = Object.keys(CreateDomain.shape);
  expect(
    firstCells(read('api.md'), 'Domains')
      .filter((cell) => /^[a-zA-Z]+$/.test(cell))
      .sort(),
  ).toEqual(fields.sort());
});

test.each([
  ...OperationStatus.options,
  ...ResourceStatus.options.filter((status) => status !== 'deleted'),
  ...Object.keys(CreateDatabaseUser.shape),
  ...[...Scope.options, ...NotificationKind.options],
  ...[...Object.keys(CreateToken.shape), ...Object.keys(TrashItem.shape)],
])('api.md has a word on %s', (word) => {
  expect(read('api.md')).toMatch(new RegExp(`[\`"]${word}[\`"]`));
});

describe('the threat model', () => {
  const text = read('threat-model.md');
  const rows = Array.from(
    text.matchAll(/^\| ([0-9]+|[a-z]) \| [^|]+ \| (.*) \|$/gm),
    ([, row = '', tests = '']) => ({
      row,
      tests: tests.split('<br>'),
    }),
  );
  const named = rows.flatMap(({ row, tests }) => tests.map((words) => [row, words] as const));

  test('has a place for every row of the list of attacks, each once', () => {
    const numbers = rows.map(({ row }) => row).filter((row) => /^[0-9]+$/.test(row));
    expect(numbers).toEqual(Array.from({ length: 46 }, (_, index) => String(index + 1)));
  });

  test('refers to rows that it has, and has none that it does not refer to', () => {
    const [claims = ''] = text.split('## The tests');
    const used = Array.from(claims.matchAll(/\(([0-9a-z, –]{1,24})\)/g), ([, list = '']) => list).flatMap(
      rowsOf,
    );
    const known = rows.map(({ row }) => row);
    expect(used.filter((row) => !known.includes(row))).toEqual([]);
    expect(known.filter((row) => /^[a-z]$/.test(row) && !used.includes(row))).toEqual([]);
  });

  test.each(named)('row %s: there is a test %s, and it is not skipped', (_, words) => {
    const [, file = '', title = ''] = /^`([^`]+)` (.+)$/.exec(words) ?? [];
    const source = readFileSync(join(__dirname, '..', `${file}.test.ts`), 'utf8');
    expect(["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote},`))).toBe(true);
    expect(source).not.toMatch(/^\s*(?:x(?:it|test|describe)|(?:test|describe)\.(?:skip|only|todo))\b/m);
  });
});

/** `8, 18–23` is 8 and 18 to 23; words in parentheses are none. */
function rowsOf(list: string): readonly string[] {
  const parts = list.split(', ');
  if (!parts.every((part) => /^(?:[0-9]{1,2}(?:–[0-9]{1,2})?|[a-z])$/.test(part))) return [];
  return parts.flatMap((part) => {
    const [from = '', to = from] = part.split('–');
    if (from === to) return [from];
    return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => String(Number(from) + index));
  });
}
