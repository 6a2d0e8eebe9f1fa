import { MAX_REQUEST_BYTES, VERBS } from '../../contract/executor.ts';

/** What a verb may be called with. */
export interface Call {
  readonly verb: string;
  readonly args: unknown;
  /** It is only to be told what it would change. */
  readonly plan?: true;
}

/** What has to come of what was sent: a call or a refusal for each line, and whether the conversation breaks. */
export interface Meant {
  readonly lines: readonly (Call | 'refused')[];
  readonly broken: boolean;
}

/** The rules said once more, and otherwise: over all the bytes at once, by keys, not by the executor's own code. */
export function meantBy(bytes: Buffer): Meant {
  const lines: (Call | 'refused')[] = [];
  const pieces = splitAtFeeds(bytes);
  const rest = pieces.pop();
  for (const piece of pieces) {
    const text = piece.toString('utf8');
    if (piece.length > MAX_REQUEST_BYTES || !Buffer.from(text).equals(piece)) return { lines, broken: true };
    lines.push(callOf(text) ?? 'refused');
  }
  return { lines, broken: rest !== undefined && rest.length > 0 };
}

function splitAtFeeds(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', from)) {
    pieces.push(bytes.subarray(from, at));
    from = at + 1;
  }
  return [...pieces, bytes.subarray(from)];
}

function callOf(text: string): Call | undefined {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof said !== 'object' || said === null) return undefined;
  const { request, operation, verb, args, ...more } = said as Record<string, unknown>;
  const planned = Object.keys(more).join() === 'plan' && more['plan'] === true && PLANNED.has(String(verb));
  const named = Object.keys(said).length === (planned ? 5 : 4);
  const whole = isWord(request, 1, 32) && (operation === null || isOperation(operation));
  if (!named || !whole || typeof verb !== 'string' || !Object.hasOwn(VERBS, verb)) return undefined;
  const fits = VERBS[verb as keyof typeof VERBS].args.safeParse(args);
  // In another form: a key twice, a number with an exponent, blanks.
  // What has a default, or more than one form, is meant as the schema takes it.
  return fits.success && isPlain(args) && JSON.stringify(said) === text
    ? { verb, args: fits.data, ...(planned ? { plan: true } : {}) }
    : undefined;
}

/** Of those alone. */
const PLANNED: ReadonlySet<string> = new Set([
  ...['site.put', 'site.remove', 'site.restore', 'site.align', 'key.put', 'key.remove', 'cache.put'],
  ...[
    'cache.remove',
    'certificate.put',
    'certificate.renew',
    'certificate.remove',
    'cron.put',
    'cron.remove',
  ],
  ...['queue.put', 'queue.remove', 'database.remove', 'database.align', 'tenant.put', 'tenant.remove'],
  'tenant.restore',
]);

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

function isWord(value: unknown, least: number, most: number): boolean {
  return (
    typeof value === 'string' &&
    value.length >= least &&
    value.length <= most &&
    Array.from(value).every((character) => ALPHABET.includes(character))
  );
}

function isOperation(value: unknown): boolean {
  return isWord(value, 20, 20) && !/^[0-9]/.test(value as string);
}

/** Nothing that could end a line, drive a terminal or reach into a prototype stands anywhere in it. */
function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return Array.from(value).every((one) => isHarmless(one.codePointAt(0) ?? 0));
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(
    ([key, inner]) =>
      !['__proto__', 'constructor', 'prototype'].includes(key) && isPlain(key) && isPlain(inner),
  );
}

function isHarmless(code: number): boolean {
  const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === 0x2028 || code === 0x2029;
  return !control && !(code >= 0xd800 && code < 0xe000);
}
