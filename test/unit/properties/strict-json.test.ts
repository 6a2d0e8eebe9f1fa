import fc from 'fast-check';
import { ProblemError } from '../../../api/problems.ts';
import { parseStrictJson } from '../../../api/strict-json.ts';
import { always, near } from './chance.ts';

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];

/** Reads JSON character by character and keeps every pair, so that nothing is passed over. */
function readPairs(text: string): { readonly pairs: readonly string[]; readonly depth: number } {
  const pairs: string[] = [];
  const open: string[] = [];
  let deepest = 0;
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '{' || character === '[') deepest = Math.max(deepest, open.push(`${(count += 1)}`));
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfString(text, at);
      const key = JSON.parse(text.slice(at, end + 1)) as string;
      if (
        text
          .slice(end + 1)
          .trimStart()
          .startsWith(':')
      )
        pairs.push(`${open.at(-1) ?? ''} ${key}`);
      at = end;
    }
  }
  return { pairs, depth: deepest };
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at;
}

/** With keys that come twice, and those that reach into prototypes. */
const json: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 9 },
    fc.constantFrom('1', '"a"', '"a:{"', 'null', '-0.0e5', '"\\u0061\\""', '[]', '{}', '"__proto__"'),
    fc.json({ maxDepth: 2 }),
    tie('object'),
    fc.array(tie('value'), { maxLength: 2 }).map((items) => `[${items.join(' ,')}]`),
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom('a', 'b', '\\u0061', '', ...FORBIDDEN, 'proto', 'é'), tie('value')), {
      maxLength: 3,
    })
    .map((pairs) => `{${pairs.map(([key, value]) => `"${key}" :${value}`).join(', ')}}`),
})).object;

test('a body is read as JSON.parse reads it, or refused: never with a key twice, too deep, or with a prototype’s key', () => {
  always(near(json), (text) => {
    let read: unknown;
    try {
      read = parseStrictJson(text);
    } catch (error) {
      expect(error).toBeInstanceOf(ProblemError);
      return;
    }
    const { pairs, depth } = readPairs(text);
    expect(read).toEqual(JSON.parse(text));
    expect([new Set(pairs).size, depth <= 8]).toEqual([pairs.length, true]);
    expect(pairs.filter((pair) => FORBIDDEN.includes(pair.split(' ')[1] ?? ''))).toEqual([]);
  });
});

test('a body without such keys is taken', () => {
  always(json, (text) => {
    const { pairs, depth } = readPairs(text);
    const wrong = new Set(pairs).size < pairs.length || depth > 8;
    if (wrong || pairs.some((pair) => FORBIDDEN.includes(pair.split(' ')[1] ?? ''))) return;
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });
});
