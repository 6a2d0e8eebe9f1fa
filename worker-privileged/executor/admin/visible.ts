/**
 * Controls drive a terminal, and bidirectional or invisible characters make text look like other text. What is
 * shown to root may come from a tenant (the name of a process, of a file), so these are shown, not sent.
 */
const DANGEROUS =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** One line that any terminal shows as it is. */
export function visible(text: string): string {
  return text.replace(DANGEROUS, escaped);
}

/** The same of several lines, which may hold tabs. */
export function visibleLines(text: string): string {
  return text.replace(DANGEROUS, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  );
}

/** One JSON document that means the same. */
export function visibleJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2).split('\n').map(visible).join('\n')}\n`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
