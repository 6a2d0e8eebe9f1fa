import { FailureError } from '../../../contract/failures.ts';
import { DomainId } from '../../../contract/ids.ts';
import { DomainName } from '../../../contract/names.ts';
import type { Registry, SiteEntry } from '../system/registry.ts';
import { UsageError } from './command.ts';

/** A domain as root named it: a host name has a dot, and an id has none. */
export type DomainWord = { readonly id: DomainId } | { readonly name: DomainName };

export function readDomainWord(words: readonly string[]): DomainWord {
  const [word, ...more] = words;
  if (more.length > 0) throw new UsageError('it takes one domain');
  const id = DomainId.safeParse(word);
  if (id.success) return { id: id.data };
  const name = DomainName.safeParse(word);
  if (name.success) return { name: name.data };
  throw new UsageError('it wants the name of a domain, as sculptorctl domain list shows it, or its id');
}

/**
 * The one that is meant, out of what root remembers. Several of a name may lie in the trash: then none is meant,
 * unless one of them still stands.
 */
export async function findSite(registry: Registry, word: DomainWord): Promise<SiteEntry> {
  if ('id' in word) return (await registry.read(word.id)) ?? unknown();
  const named = (await registry.list()).filter(
    ({ name, purgedAt }) => name === word.name && purgedAt === null,
  );
  const standing = named.find(({ removedAt }) => removedAt === null);
  return standing ?? theOne(named);
}

/** The same, of what lies in the trash. */
export async function findTrashedSite(registry: Registry, word: DomainWord): Promise<SiteEntry> {
  if ('id' in word) return (await registry.read(word.id)) ?? unknown();
  const named = (await registry.list()).filter(
    ({ name, purgedAt }) => name === word.name && purgedAt === null,
  );
  const trashed = named.filter(({ removedAt }) => removedAt !== null);
  return trashed.length > 0 ? theOne(trashed) : theOne(named);
}

function theOne([first, ...others]: readonly SiteEntry[]): SiteEntry {
  if (first === undefined) return unknown();
  if (others.length === 0) return first;
  const ids = [first, ...others].map(({ id, removedAt }) => `${id} (removed ${removedAt ?? 'never'})`);
  throw new FailureError(
    'invalid_request',
    `Several sites of this name lie in the trash: ${ids.join(', ')}.`,
    'Name the one that is meant by its id.',
  );
}

function unknown(): never {
  throw new FailureError(
    'not_found',
    'There is no such domain on this server, nor in its trash.',
    'sculptorctl domain list and sculptorctl trash list show what there is.',
  );
}
