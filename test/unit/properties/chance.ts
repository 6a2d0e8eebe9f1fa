import fc from 'fast-check';

/** `scripts/fuzz.sh COUNT SEED` asks for more of them, from where it says; here it is what every commit can afford. */
const CASES = process.env['FUZZ_CASES'];
const SEED = process.env['FUZZ_SEED'];

const settings = {
  numRuns: CASES === undefined ? 2000 : Math.max(2000, Math.floor(Number(CASES) / 50)),
  ...(SEED === undefined ? {} : { seed: Number(SEED) }),
};

/** Tries `holds` on many values; what it finds it shrinks, and tells with the seed to see it again. */
export function always<T>(values: fc.Arbitrary<T>, holds: (value: T) => unknown): void {
  fc.assert(
    fc.property(values, (value) => holds(value) !== false),
    settings,
  );
}

export async function alwaysInTime<T>(
  values: fc.Arbitrary<T>,
  holds: (value: T) => Promise<unknown>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(values, async (value) => (await holds(value)) !== false),
    settings,
  );
}

/** Text with a bias to what means something to somebody: controls, quotes, line ends, other scripts, half characters. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.stringMatching(/^[a-z0-9._-]{1,8}$/),
      fc.constantFrom(
        ...[
          '\0',
          '\b',
          '\t',
          '\n',
          '\r',
          '\r\n',
          '\u001b[2J',
          '\u001b]0;',
          '\u007f',
          '\u0085',
          '\u009b',
          '\u2028',
        ],
        ...[
          '\u2029',
          '\u202e',
          '\u2066',
          '\u200b',
          '\u200d',
          '\ufeff',
          '\ufff9',
          '\ud800',
          '\udc00',
          '\u{e0041}',
        ],
        ...[
          '.',
          '..',
          '/',
          '\\',
          '%',
          '%2e',
          '$',
          '`',
          '"',
          "'",
          ';',
          '#',
          '{',
          '}',
          '<',
          '>',
          '&',
          '&amp;',
          '*',
        ],
        ...[
          '_',
          '-',
          '@',
          ':',
          ',',
          ' ',
          '\u3002',
          '\uff0e',
          'xn--',
          'K',
          'ß',
          'ſ',
          'İ',
          'а',
          'é',
          '😀',
          '1',
          '0x',
        ],
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

/** Text that is nearly a good one: something taken out of it, or put into it. */
export function near(good: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const at = fc.nat({ max: 300 });
  return fc.oneof(
    good,
    fc
      .tuple(good, at, hostileText)
      .map(([text, where, more]) => text.slice(0, where) + more + text.slice(where)),
    fc.tuple(good, at, at).map(([text, from, length]) => text.slice(0, from) + text.slice(from + length)),
    fc.tuple(good, at).map(([text, where]) => text.slice(0, where)),
    fc.tuple(good, good, at).map(([text, other, where]) => text.slice(0, where) + other),
    hostileText,
  );
}
