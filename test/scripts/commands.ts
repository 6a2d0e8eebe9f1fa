import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TREE } from './throwaway.ts';

/** A block of a document: commands for a server, or the answer that they are said to get. */
export type Block = { readonly id: string; readonly kind: 'server' | 'answer'; readonly text: string };

/**
 * The blocks of a document that are marked as run by this test: ```sh server, and after it perhaps ```json answer.
 * Blocks that are marked ```sh host are for a machine of a developer's own.
 */
export function blocksOf(file: string): readonly Block[] {
  const text = readFileSync(join(TREE, file), 'utf8');
  const found = text.matchAll(/^```(?:sh|json) (server|answer)\n([\s\S]*?)^```$/gm);
  return Array.from(found, ([, kind, body], number) => ({
    id: `${file}#${number}`,
    kind: kind as Block['kind'],
    text: body ?? '',
  }));
}

/** Every fence of a document that says it is a shell's, so that none is forgotten. */
export function unmarkedShellBlocks(file: string): readonly string[] {
  const text = readFileSync(join(TREE, file), 'utf8');
  return Array.from(text.matchAll(/^```(?:sh|bash|shell|console)(.*)$/gm), ([, mark = '']) =>
    mark.trim(),
  ).filter((mark) => mark !== 'server' && mark !== 'host');
}

/** The JSON documents that stand in a text, one after the other. */
export function jsonDocuments(text: string): readonly unknown[] {
  const documents: unknown[] = [];
  for (let start = text.indexOf('{'); start !== -1; start = text.indexOf('{', start)) {
    const end = endOfObject(text, start);
    if (end === -1) break;
    documents.push(JSON.parse(text.slice(start, end)));
    start = end;
  }
  return documents;
}

function endOfObject(text: string, start: number): number {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}]/g;
  tokens.lastIndex = start;
  let depth = 0;
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    depth += token[0] === '{' ? 1 : token[0] === '}' ? -1 : 0;
    if (depth === 0) return tokens.lastIndex;
  }
  return -1;
}

/** What is in a document, without its values: two answers of one kind have the same shape. */
export function shapeOf(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(shapeOf);
  if (typeof document !== 'object' || document === null) return typeof document;
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, shapeOf(value)]));
}
