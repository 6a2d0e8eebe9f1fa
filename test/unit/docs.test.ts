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
