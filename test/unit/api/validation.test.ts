import type { z } from 'zod';
import { CreateDatabaseUser } from '../../../contract/databases.ts';
import { CreateDomain, UpdateDomain } from '../../../contract/domains.ts';
import { invalidInput, problemDocument, ProblemError } from '../../../api/problems.ts';
import { parseInput } from '../../../api/validation.ts';

function errors(schema: z.ZodType, input: unknown): unknown {
  try {
    parseInput(schema, input);
  } catch (error) {
    if (error instanceof ProblemError) return error.parts.errors;
  }
  return 'accepted';
}

test.each([
  ['a field that is missing', CreateDomain, {}, 'name', 'This field is missing.', 'text'],
  ['a field of another type', CreateDomain, { name: 1 }, 'name', 'This value cannot be used.', 'text'],
  [
    'a text of the wrong form',
    CreateDomain,
    { name: 'A B' },
    'name',
    'This value cannot be used.',
    'a host name such as shop.example: lower case letters, digits and hyphens, labels parted by dots',
  ],
  [
    'a word that is not in the list',
    CreateDatabaseUser,
    { name: 'a', privileges: 'x' },
    'privileges',
    'This value cannot be used.',
    'one of all, read',
  ],
  [
    'a field nobody knows inside another',
    UpdateDomain,
    { options: { rewrite: 'x' } },
    'options.rewrite',
    'There is no such field.',
    'one of index, bodyBytes, timeoutSeconds, allowedAddresses, accessLog, buffering, redirect, www, forceHttps, hsts, staticCacheSeconds, errorPages, basicAuth',
  ],
  [
    'a field nobody knows',
    CreateDatabaseUser,
    { name: 'a', host: '%' },
    'host',
    'There is no such field.',
    'one of name, privileges, maxConnections',
  ],
  [
    'a list that is too long',
    CreateDomain,
    { name: 'a.example', aliases: Array.from({ length: 101 }, (_, index) => `n${index}.example`) },
    'aliases',
    'This value cannot be used.',
    'at most 100 entries',
  ],
  ['no change at all', UpdateDomain, {}, '', 'This value cannot be used.', 'at least one field to change'],
  ['null', CreateDomain, null, '', 'This value cannot be used.', 'an object'],
])('of %s the answer names the field, what is wrong, and what would be right', (...row) => {
  const [, schema, input, field, message, expected] = row;
  expect(errors(schema, input)).toEqual([{ field, message, expected }]);
});

test('each field at fault is named once', () => {
  const input = { name: 'A B', aliases: ['ok.example', 'b c', 1], type: 'x', y: 1 };
  expect((errors(CreateDomain, input) as { field: string }[]).map(({ field }) => field).sort()).toEqual([
    'aliases.1',
    'aliases.2',
    'name',
    'type',
    'y',
  ]);
});

test('a problem document lists fifty errors and no more', () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    field: `f${index}`,
    message: 'M.',
    expected: 'e',
  }));
  expect(problemDocument(invalidInput(many)).errors?.length).toBe(50);
});
