import type { FieldError } from '../contract/problems.ts';
import { invalidInput, ProblemError } from './problems.ts';

/** No document of this API is nested deeper than three levels. */
const MAX_DEPTH = 8;
/** Names that mean something to JavaScript itself; no field of ours is called so. */
const REFUSED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses what `JSON.parse` does, and refuses what it passes over in silence: a key given twice, of which it
 * takes the last and another reader the first; keys that reach into prototypes; nesting without end.
 * Throws a ProblemError that says where. The answer is an object.
 */
export function parseStrictJson(text: string): Record<string, unknown> {
  const value = parse(text);
  const faults = scan(text);
  if (faults.length > 0) throw invalidInput(faults);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ProblemError('invalid-json', 'The body must be one JSON object.');
  return { ...value };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ProblemError('invalid-json', 'The body cannot be read as JSON.');
  }
}

interface Level {
  /** Undefined for a list. */
  readonly keys: Set<string> | undefined;
  /** What is being read in it: a key, or a place in the list. */
  at: string;
}

/** The text is JSON by now, so that a string before a colon is a key and nothing else is. */
function scan(text: string): FieldError[] {
  const levels: Level[] = [];
  const faults: FieldError[] = [];
  let before = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') {
      levels.push(token === '{' ? { keys: new Set(), at: '' } : { keys: undefined, at: '0' });
      if (levels.length > MAX_DEPTH) throw new ProblemError('invalid-json', 'The body is nested too deep.');
    } else if (token === '}' || token === ']') {
      levels.pop();
    } else if (token === ':' && level?.keys !== undefined) {
      level.at = JSON.parse(before) as string;
      faults.push(...faultsOf(levels, level.keys, level.at));
      level.keys.add(level.at);
    } else if (token === ',' && level?.keys === undefined && level !== undefined) {
      level.at = String(Number(level.at) + 1);
    }
    before = token;
  }
  return faults;
}

function faultsOf(levels: readonly Level[], keys: ReadonlySet<string>, key: string): FieldError[] {
  const field = levels.map(({ at }) => at).join('.');
  if (REFUSED_KEYS.has(key))
    return [{ field, message: 'There is no such field.', expected: 'only the fields of this resource' }];
  if (keys.has(key)) return [{ field, message: 'This field is given twice.', expected: 'each field once' }];
  return [];
}
