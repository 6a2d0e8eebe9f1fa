import { refuse } from './refusal.ts';

/** Latin-1 throughout, so that every octet stays what it was. `text` holds all of its lines, without the last end. */
export type Field = { readonly name: string; readonly text: string };
export type Message = { readonly fields: readonly Field[]; readonly body: string };

const MOST_OCTETS = 65_536;

/** RFC 5322 has each of these once at most. A second one is how a line that was smuggled in shows itself. */
const ONCE: ReadonlySet<string> = new Set([
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'bcc',
  'subject',
  'date',
  'message-id',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
]);

/** A message as a program wrote it: lines that end in any way, a header, an empty line, a body. */
export function readMessage(raw: Buffer): Message {
  // One way to end a line: what a server further on takes for an end, this one has seen as one.
  const text = raw.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n');
  if (text.includes('\0')) refuse('The message holds a NUL.');
  const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n');
  const header = end === -1 ? text.replace(/\r\n$/, '') : text.slice(0, end);
  const body = end === -1 ? '' : text.slice(end + (end === 0 ? 2 : 4));
  if (header.length > MOST_OCTETS) refuse(`The header is longer than ${MOST_OCTETS} octets.`);
  const fields = header === '' ? [] : readFields(header.split('\r\n'));
  refuseSecond(fields);
  return { fields, body };
}

function readFields(lines: readonly string[]): readonly Field[] {
  const fields: { name: string; text: string }[] = [];
  for (const [index, line] of lines.entries()) {
    if (/[\x00-\x08\x0b-\x1f\x7f]/.test(line))
      refuse(`Line ${index + 1} of the header holds a control character.`);
    const last = fields.at(-1);
    const name = /^([!-9;-~]{1,76}):/.exec(line)?.[1];
    if (name !== undefined) fields.push({ name: name.toLowerCase(), text: line });
    else if (last !== undefined && /^[ \t]+\S/.test(line)) last.text += `\r\n${line}`;
    else refuse(`Line ${index + 1} of the header is neither a field nor the rest of one.`);
  }
  return fields;
}

function refuseSecond(fields: readonly Field[]): void {
  const seen = new Set<string>();
  for (const { name } of fields) {
    if (ONCE.has(name) && seen.has(name)) refuse(`The header has ${name} more than once.`);
    seen.add(name);
  }
}

/** What a field says, on one line. */
export function valueOf({ name, text }: Field): string {
  return text
    .slice(name.length + 1)
    .replace(/\r\n(?=[ \t])/g, '')
    .trim();
}
