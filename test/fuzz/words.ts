import fc from 'fast-check';

/** Stands in whatever a mutation adds, so that a test sees whether a part of it comes back. */
export const MARK = 'zqxj7';

/** What no request may hold. */
export const CONTROL = [
  '\0',
  '\t',
  '\n',
  '\r',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u009b',
  '\u2028',
  '\u2029',
  '\ud800',
  '\udfff',
];
const MEANT_FOR_OTHERS = [
  '../',
  '/',
  ';',
  '$(id)',
  '`',
  '"',
  "'",
  '\\',
  '%',
  '{',
  '}',
  '#',
  ' ',
  '.',
  '-',
  'é',
  'K',
  '😀',
];
export const foreign = fc.constantFrom(...CONTROL, ...MEANT_FOR_OTHERS);
