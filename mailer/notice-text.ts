import type { Notice } from '../contract/mail-notices.ts';

/** What a person reads: names and sentences come from tenants, and from whoever has become the worker. */
export type Written = { readonly subject: string; readonly text: string };

const WIDTH = 76;
const LONGEST_SUBJECT = 150;

export function writeNotices(notices: readonly Notice[], serverName: string): Written {
  const [first, ...others] = notices;
  if (first === undefined) throw new Error('a letter of nothing');
  if (others.length === 0)
    return {
      subject: clip(`[${serverName}] ${first.event.type}: ${sentenceOf(first)}`),
      text: `${lines(first, serverName).join('\n')}\n`,
    };
  const each = notices.flatMap((notice) => [
    '',
    wrap(`${momentOf(notice)} ${notice.event.type}`),
    about(notice),
  ]);
  const why = `So much happened within an hour on ${serverName} that it comes together:`;
  return {
    subject: `[${serverName}] ${notices.length} notifications: ${countsOf(notices)}`,
    text: `${[wrap(why), ...each].join('\n')}\n`,
  };
}

function lines(notice: Notice, serverName: string): readonly string[] {
  const { data, type } = notice.event;
  return [
    wrap(sentenceOf(notice)),
    '',
    fact('event', type),
    fact('time', momentOf(notice)),
    fact('server', serverName),
    ...('resource' in data
      ? [fact('resource', `${data.resource.type} ${data.resource.name} (${data.resource.id})`)]
      : []),
    ...(data.tenant === null ? [] : [fact('tenant', data.tenant)]),
    ...('operation' in data && data.operation !== null ? [fact('operation', data.operation)] : []),
    fact('id', notice.id),
  ];
}

function about(notice: Notice): string {
  const { data } = notice.event;
  const where = 'resource' in data ? ` (${data.resource.type} ${data.resource.name})` : '';
  return wrap(`${sentenceOf(notice)}${'notification' in data ? where : ''}`);
}

function sentenceOf({ event: { data } }: Notice): string {
  if ('message' in data) return data.message;
  if (!('kind' in data)) return 'This is a test: mail of this server reaches you.';
  const because = data.error === null ? '' : `, ${data.error}`;
  return `${data.kind} of ${data.resource.name} ${data.status}${because}`;
}

function momentOf({ event }: Notice): string {
  return `${event.timestamp.slice(0, 19).replace('T', ' ')} UTC`;
}

function countsOf(notices: readonly Notice[]): string {
  const counts = new Map<string, number>();
  for (const { event } of notices) counts.set(event.type, (counts.get(event.type) ?? 0) + 1);
  return clip([...counts].map(([type, count]) => `${count} ${type}`).join(', '));
}

function fact(name: string, value: string): string {
  return wrap(`${name.padEnd(11)}${value}`, ' '.repeat(11));
}

/** Lines as mail has them; a word that is longer stands alone. */
function wrap(text: string, indent = ''): string {
  const found: string[] = [];
  for (const word of visible(text).split(/(?<=\S)\s(?=\S)/)) {
    const last = found.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH)
      found[found.length - 1] = `${last} ${word}`;
    else found.push(last === undefined ? word : `${indent}${word}`);
  }
  return found.join('\n');
}

function clip(text: string): string {
  const line = visible(text);
  return line.length > LONGEST_SUBJECT ? visible(`${line.slice(0, LONGEST_SUBJECT - 1)}…`) : line;
}

/** No end of a line, nothing that a terminal obeys, and nothing that turns the direction of what follows. */
function visible(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}
