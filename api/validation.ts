import { z } from 'zod';
import type { FieldError } from '../contract/problems.ts';
import { invalidInput, ProblemError } from './problems.ts';

type Issue = z.core.$ZodIssue;

/** The input in the schema's form, or a ProblemError that names each field at fault. */
export function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalidInput(fieldErrors(schema, parsed.error, input));
}

/** One for each field; where two rules of one field are broken the first is told. */
export function fieldErrors(schema: z.ZodType, error: z.ZodError, input: unknown): FieldError[] {
  const all = error.issues.flatMap((issue) => toFieldErrors(schema, issue, input));
  // What is said of the whole document is of use only where no field of it is at fault.
  const named = all.some(({ field }) => field !== '') ? all.filter(({ field }) => field !== '') : all;
  return named.filter((one, index) => named.findIndex(({ field }) => field === one.field) === index);
}

/** For what a write may not be sent without. */
export function requireBody(body: Record<string, unknown> | undefined): Record<string, unknown> {
  if (body === undefined)
    throw new ProblemError('invalid-json', 'The body is empty; a JSON object is needed.');
  return body;
}

const Nothing = z.strictObject({});

/** For addresses that take none; an empty object is none. */
export function refuseBody(body: Record<string, unknown> | undefined): void {
  parseInput(Nothing, body ?? {});
}

function toFieldErrors(schema: z.ZodType, issue: Issue, input: unknown): FieldError[] {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const expected = `one of ${knownFields(schema, issue.path).join(', ') || 'no fields at all'}`;
    return issue.keys.map((key) => ({
      field: [...issue.path, key].join('.'),
      message: 'There is no such field.',
      expected,
    }));
  }
  if (isMissing(issue, input))
    return [{ field, message: 'This field is missing.', expected: expected(issue) }];
  return [{ field, message: 'This value cannot be used.', expected: expected(issue) }];
}

function expected(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `at most ${issue.maximum} ${UNITS[issue.origin] ?? ''}`.trim();
    case 'too_small':
      return `at least ${issue.minimum} ${UNITS[issue.origin] ?? ''}`.trim();
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  int: 'a whole number',
};

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries' };

/** The fields of the object at that place of the document. */
function knownFields(schema: unknown, path: readonly PropertyKey[]): string[] {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  )
    return knownFields(schema.unwrap(), path);
  if (!(schema instanceof z.ZodObject)) return [];
  const [field, ...deeper] = path;
  return field === undefined
    ? Object.keys(schema.shape)
    : knownFields(Reflect.get(schema.shape, field), deeper);
}

function isMissing(issue: Issue, input: unknown): boolean {
  const value = issue.path.reduce<unknown>(
    (outer, key) => (typeof outer === 'object' && outer !== null ? Reflect.get(outer, key) : undefined),
    input,
  );
  return issue.code === 'invalid_type' && value === undefined;
}
