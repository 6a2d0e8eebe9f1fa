/**
 * C0, DEL and C1 controls drive a terminal; what is invisible, or turns the direction of writing, makes text look
 * like other text. Whatever comes from a server may hold them (a tenant chose part of it), so they are shown, not sent.
 */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** One line that any terminal shows as it is: what could do something is written as `\u001b`. */
export function printable(text: string): string {
  return text.replace(DANGEROUS, escaped);
}

/** The same for text of our own that has lines, such as a help page with the caller's argument in it. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** JSON that means the same and holds no such character: `JSON.stringify` lets DEL, C1 and the others through. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split('\n').map(printable).join('\n');
}

/** Half by half where it is a pair, as JSON has it. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${hex(character.charCodeAt(at))}`).join('');
}

function hex(code: number): string {
  return code.toString(16).padStart(4, '0');
}
