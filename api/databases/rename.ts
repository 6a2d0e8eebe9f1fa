import type { FieldError } from '../../contract/problems.ts';
import { invalidInput } from '../problems.ts';

type Body = Readonly<Record<string, unknown>>;

/** MariaDB renames no database, and an account's name is what its objects are defined by. */
export function refuseRename(noun: keyof typeof LASTING, body: Body): Body {
  if (Object.hasOwn(body, 'name')) throw invalidInput([LASTING[noun]]);
  return body;
}

const LASTING = {
  database: {
    field: 'name',
    message: 'The name of a database is for life: MariaDB has no way to give it another.',
    expected:
      'no name; create a database with the other name, dump this one and load the dump there, then delete this one',
  },
  databaseUser: {
    field: 'name',
    message: 'The name of a database user is for life: views and procedures are defined by it.',
    expected: 'no name; create a user with the other name, give it to the site, then delete this one',
  },
} as const satisfies Readonly<Record<string, FieldError>>;
