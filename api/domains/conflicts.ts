import type { DomainName } from '../../contract/names.ts';
import type { NameConflict } from '../../state/domain-names.ts';
import { nameTaken } from '../problems.ts';
import type { ProblemError } from '../problems.ts';

/** The problem of a name that is not to be had, at the field it stands in. */
export function nameConflict({ name, why }: NameConflict, aliases: readonly DomainName[]): ProblemError {
  const place = aliases.indexOf(name);
  const field = place === -1 ? 'name' : `aliases.${place}`;
  return nameTaken({ field, ...SENTENCES[why](name) });
}

interface Sentence {
  readonly message: string;
  readonly expected: string;
}

const SENTENCES: Readonly<Record<NameConflict['why'], (name: DomainName) => Sentence>> = {
  held: (name) => ({ message: `${name} is in use by another domain.`, expected: 'a name that is free' }),
  'being-deleted': (name) => ({
    message: `${name} belongs to a domain that is being deleted.`,
    expected: 'a name that is free; this one is once that operation has succeeded',
  }),
  related: (name) => ({
    message: `${name} is above or below a name of somebody else's.`,
    expected: 'a name that is free, and not related to another tenant',
  }),
};
