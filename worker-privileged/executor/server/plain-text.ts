/** C0 and C1 controls, DEL, the two line ends of Unicode, and halves of surrogate pairs. */
const FORBIDDEN = /[\p{Cc}\u2028\u2029\p{Cs}]/u;
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const DEEPEST = 8;

/**
 * Why a request cannot be what it says, whatever a schema might think of it; null where it can. No text that is
 * rendered into a file, logged or compared here may ever end a line.
 */
export function unfit(value: unknown, depth = 0): string | null {
  if (depth > DEEPEST) return 'it is nested too deep';
  if (typeof value === 'string') return FORBIDDEN.test(value) ? 'it holds a control character' : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return 'it holds a forbidden key';
    const why = unfit(key, depth) ?? unfit(inner, depth + 1);
    if (why !== null) return why;
  }
  return null;
}
