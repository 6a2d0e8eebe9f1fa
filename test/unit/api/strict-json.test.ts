import fc from 'fast-check';
import { ProblemError } from '../../../api/problems.ts';
import { parseStrictJson } from '../../../api/strict-json.ts';

function refusal(text: string): [string, (string | undefined)[]] {
  try {
    parseStrictJson(text);
  } catch (error) {
    if (error instanceof ProblemError)
      return [error.kind, (error.parts.errors ?? []).map(({ field }) => field)];
  }
  return ['accepted', []];
}

test.each([
  ['', 'invalid-json', []],
  ['{', 'invalid-json', []],
  ['null', 'invalid-json', []],
  ['[]', 'invalid-json', []],
  ['"a"', 'invalid-json', []],
  ['1', 'invalid-json', []],
  ['{"a":1,"a":1}', 'invalid-input', ['a']],
  ['{"a":1,"\\u0061":2}', 'invalid-input', ['a']],
  ['{"a":{"b":1,"b":2}}', 'invalid-input', ['a.b']],
  ['{"a":[{"b":1},{"b":1,"b":2}]}', 'invalid-input', ['a.1.b']],
  ['{"a" : 1 , "a" : 2}', 'invalid-input', ['a']],
  ['{"__proto__":{}}', 'invalid-input', ['__proto__']],
  ['{"a":{"constructor":1}}', 'invalid-input', ['a.constructor']],
  ['{"prototype":1}', 'invalid-input', ['prototype']],
  ['{"":1,"":2}', 'invalid-input', ['']],
  [`{"a":${'['.repeat(8)}${']'.repeat(8)}}`, 'invalid-json', []],
])('refuses %s', (text, kind, fields) => {
  expect(refusal(text)).toEqual([kind, fields]);
});

test.each([
  ['{}'],
  ['{"a":"a","b":["a","a"]}'],
  ['{"a":{"x":1},"b":{"x":1}}'],
  ['{"a":[{"x":1},{"x":1}]}'],
  ['{"a":"{\\"a\\":1,\\"a\\":2}"}'],
  ['{"a":"\\\\","b":"]}"}'],
  ['{"a":"__proto__"}'],
  [' {\n"a"\t:\r[1 , 2]} '],
])('takes %s as JSON.parse does', (text) => {
  expect(parseStrictJson(text)).toEqual(JSON.parse(text));
});

const plain = fc.dictionary(
  fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
  fc.jsonValue({ maxDepth: 3 }),
  { noNullPrototype: true },
);

test('takes whatever JSON.stringify writes of plain objects', () => {
  fc.assert(
    fc.property(plain, fc.constantFrom(undefined, 2), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      expect(refusal(text)[0] === 'accepted' ? parseStrictJson(text) : JSON.parse(text)).toEqual(
        JSON.parse(text),
      );
      if (!/__proto__|constructor|prototype/.test(text)) expect(refusal(text)[0]).toBe('accepted');
    }),
  );
});

test('finds a repeated key wherever it stands', () => {
  fc.assert(
    fc.property(plain, fc.string(), (value, key) => {
      fc.pre(!['__proto__', 'constructor', 'prototype'].includes(key));
      const inner = JSON.stringify({ ...value, [key]: 1 });
      const text = `{"x":[${inner.slice(0, -1)},${JSON.stringify(key)}:2}]}`;
      expect(refusal(text)).toEqual(['invalid-input', expect.arrayContaining([`x.0.${key}`])]);
    }),
  );
});
