import type { Generation } from '../../contract/ids.ts';
import type { FieldError } from '../../contract/problems.ts';
import type { AskedBasicAuth, KeptBasicAuth } from '../../contract/visitors.ts';
import type { NewVisitor } from '../../state/visitor-hashes.ts';
import { invalidInput } from '../problems.ts';

export interface Visitors {
  readonly basicAuth: KeptBasicAuth;
  /** Those whose password is another from this version on. */
  readonly visitors: readonly NewVisitor[];
}

/** Who is sent without a hash has the one of before, and has to have one. */
export function visitorsOf(asked: AskedBasicAuth, before: KeptBasicAuth, generation: Generation): Visitors {
  if (asked === null) return { basicAuth: null, visitors: [] };
  const known = new Map(before?.users.map(({ name, since }) => [name, since]));
  const missing: FieldError[] = [];
  const visitors: NewVisitor[] = [];
  const users = asked.users.map(({ name, passwordHash }, index) => {
    const since = passwordHash === undefined ? known.get(name) : generation;
    if (since === undefined) missing.push(hashMissing(index));
    if (passwordHash !== undefined) visitors.push({ name, passwordHash });
    return { name, since: since ?? generation };
  });
  if (missing.length > 0) throw invalidInput(missing);
  return { basicAuth: { realm: asked.realm, users }, visitors };
}

function hashMissing(index: number): FieldError {
  return {
    field: `options.basicAuth.users.${index}.passwordHash`,
    message: 'This field is missing: nobody of this name comes in yet.',
    expected: 'a hash as `openssl passwd -6` prints it',
  };
}
