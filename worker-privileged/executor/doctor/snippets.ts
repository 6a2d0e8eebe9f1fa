import { readdirSync, readFileSync } from 'node:fs';
import type { DomainId } from '../../../contract/ids.ts';
import { paths, snippetCopy } from '../system/paths.ts';
import { SNIPPET_NAME } from '../system/snippets.ts';
import { wrong, type Found } from './finding.ts';
import type { Standing } from './standing.ts';

/** The names of root's own files for a site that nginx reads. */
export function snippetsRead(id: DomainId): readonly string[] {
  return list(paths.snippetCopies)
    .filter((name) => name.startsWith(`${id}-`))
    .map((name) => name.slice(id.length + 1))
    .sort();
}

/** What root has written for a site takes effect when it is asked for. */
export function staleSnippets({ id, name }: Pick<Standing, 'id' | 'name'>): readonly Found[] {
  const folder = paths.snippets(name);
  const written = list(folder)
    .filter((file) => SNIPPET_NAME.test(file))
    .sort();
  const read = snippetsRead(id);
  const same =
    written.join() === read.join() &&
    written.every((file) => textOf(`${folder}/${file}`) === textOf(snippetCopy(id, file)));
  return same
    ? []
    : [wrong(`nginx has not read what lies in ${folder} now.`, `Run sculptorctl site refresh ${name}.`)];
}

function textOf(path: string): string {
  return readFileSync(path, 'utf8');
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
