/** What Redis answers, by its protocol's second version. */
export type Reply = string | number | null | readonly Reply[];

/** A refusal; the message begins with Redis's own word for it, such as NOPERM. */
export class RespError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RespError';
  }
}

export type Read = { readonly reply: Reply | RespError; readonly length: number };

/** Deeper than anything that is asked for here. */
const DEEPEST = 8;

/** The first reply in the octets that have come; null while it is not whole. */
export function readReply(come: Buffer): Read | null {
  return read(come, 0, 0);
}

function read(come: Buffer, at: number, depth: number): Read | null {
  const end = come.indexOf('\r\n', at);
  if (end < 0) return null;
  const line = come.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (come[at]) {
    case 0x2b: // +
      return { reply: line, length: next };
    case 0x2d: // -
      return { reply: new RespError(line), length: next };
    case 0x3a: // :
      return { reply: numberIn(line), length: next };
    case 0x24: // $
      return readText(come, next, numberIn(line));
    case 0x2a: // *
      return readList(come, { at: next, count: numberIn(line), depth });
    default:
      throw new Error('Redis says what is no reply');
  }
}

function readText(come: Buffer, at: number, length: number): Read | null {
  if (length < 0) return { reply: null, length: at };
  const end = at + length;
  if (come.length < end + 2) return null;
  return { reply: come.toString('utf8', at, end), length: end + 2 };
}

type List = { readonly at: number; readonly count: number; readonly depth: number };

function readList(come: Buffer, { at, count, depth }: List): Read | null {
  if (count < 0) return { reply: null, length: at };
  if (depth === DEEPEST) throw new Error('Redis answers in too many layers');
  const items: Reply[] = [];
  let next = at;
  for (let left = count; left > 0; left -= 1) {
    const item = read(come, next, depth + 1);
    if (item === null) return null;
    if (item.reply instanceof RespError) throw item.reply;
    items.push(item.reply);
    next = item.length;
  }
  return { reply: items, length: next };
}

function numberIn(line: string): number {
  if (!/^-?[0-9]{1,15}$/.test(line)) throw new Error('Redis says what is no number');
  return Number(line);
}
