/**
 * C0, DEL and C1 controls drive a terminal; the bidirectional and invisible characters make text look like
 * other text. Whatever comes from a server may hold them (a tenant chose part of it), so they are shown, not sent.
 */
const DANGEROUS =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

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

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
