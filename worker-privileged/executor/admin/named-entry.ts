import { FailureError } from '../../../contract/failures.ts';

/** What root remembers of a thing, as far as it matters which of several of a name is meant. */
type Entry = {
  readonly id: string;
  readonly name: string;
  readonly removedAt: string | null;
  readonly purgedAt: string | null;
};

/** Several of a name may lie in the trash: then none is meant, unless one of them still stands. */
export function pickStanding<E extends Entry>(entries: readonly E[], name: string): E | undefined {
  const named = stillThere(entries, name);
  return named.find(({ removedAt }) => removedAt === null) ?? theOne(named);
}

/** The same, of what lies in the trash. */
export function pickTrashed<E extends Entry>(entries: readonly E[], name: string): E | undefined {
  const named = stillThere(entries, name);
  const trashed = named.filter(({ removedAt }) => removedAt !== null);
  return theOne(trashed.length > 0 ? trashed : named);
}

function stillThere<E extends Entry>(entries: readonly E[], wanted: string): readonly E[] {
  return entries.filter(({ name, purgedAt }) => name === wanted && purgedAt === null);
}

function theOne<E extends Entry>([first, ...others]: readonly E[]): E | undefined {
  if (first === undefined || others.length === 0) return first;
  const ids = [first, ...others].map(({ id, removedAt }) => `${id} (removed ${removedAt ?? 'never'})`);
  throw new FailureError(
    'invalid_request',
    `Several of this name lie in the trash: ${ids.join(', ')}.`,
    'Name the one that is meant by its id.',
  );
}
