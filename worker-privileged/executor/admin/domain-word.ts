import { FailureError } from '../../../contract/failures.ts';
import { DomainId } from '../../../contract/ids.ts';
import { DomainName } from '../../../contract/names.ts';
import type { Registry, SiteEntry } from '../system/registry.ts';
import { UsageError } from './command.ts';
import { pickStanding, pickTrashed } from './named-entry.ts';

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

/** The one that is meant, out of what root remembers. */
export async function findSite(registry: Registry, word: DomainWord): Promise<SiteEntry> {
  if ('id' in word) return (await registry.read(word.id)) ?? unknown();
  return pickStanding(await registry.list(), word.name) ?? unknown();
}

/** The same, of what lies in the trash. */
export async function findTrashedSite(registry: Registry, word: DomainWord): Promise<SiteEntry> {
  if ('id' in word) return (await registry.read(word.id)) ?? unknown();
  return pickTrashed(await registry.list(), word.name) ?? unknown();
}

function unknown(): never {
  throw new FailureError(
    'not_found',
    'There is no such domain on this server, nor in its trash.',
    'sculptorctl domain list and sculptorctl trash list show what there is.',
  );
}
