import fc from 'fast-check';
import { foreign, MARK } from './words.ts';

type OfText = (text: string) => string;

/** Changes of how it is written. */
export const writtenOtherwise: fc.Arbitrary<OfText> = fc.oneof(
  fc.nat({ max: 400 }).map((length) => (text: string) => text.slice(0, length)),
  fc.tuple(fc.nat({ max: 400 }), foreign).map(
    ([at, more]) =>
      (text: string) =>
        text.slice(0, at) + more + text.slice(at),
  ),
  fc.nat({ max: 400 }).map((at) => (text: string) => text.slice(0, at) + text.slice(at + 1)),
  fc.constantFrom<OfText>(
    (text) => text + text,
    (text) => `[${text}]`,
    (text) => `\ufeff${text}`,
    (text) => ` ${text}`,
    (text) => text.replaceAll(',', ', '),
    (text) => `${text.slice(0, -1)},"args":{}}`,
    (text) => text.replace('{', '{"verb":"site.remove",'),
    (text) => text.replace('"args":{', `"args":{"id":"${MARK}","id":"a1b2c3d4e5f6",`),
    (text) => text.replace('"args":{', '"args":{"__proto__":{"isolation":"pool"},'),
    (text) => text.replace(/"([a-z])/, (_, letter: string) => `"\\u00${letter.charCodeAt(0).toString(16)}`),
    (text) => text.replace(/[0-9]+/, (digits) => `${digits}.0`),
    (text) => text.replace(/[0-9]+/, '9'.repeat(400)),
    (text) => text.replace(/[0-9]+/, '1e999'),
    (text) => text.replace('null', 'NaN'),
    (text) => text.replaceAll('"', "'"),
    (text) => text.replace(/"([^"]*)"/, '"$1\\u0000"'),
  ),
);

/** More than a line may hold, or deeper than anything is read. */
export const tooMuch = fc.constantFrom<OfText>(
  (text) => `${text}${' '.repeat(65_537)}`,
  (text) => '['.repeat(30_000) + text + ']'.repeat(30_000),
  (text) => text.replace('"args":', `"args":${'['.repeat(30_000)}${']'.repeat(30_000)},"more":`),
);

/** Bytes that are no text, somewhere in it. */
export const spoiled = fc
  .tuple(fc.nat({ max: 400 }), fc.constantFrom('ff', 'c3', 'c080', 'eda080', 'f8888080', 'fe', '80'))
  .map(
    ([at, hex]) =>
      (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(0, at), Buffer.from(hex, 'hex'), bytes.subarray(at)]),
  );
