export interface LineHandlers {
  readonly line: (line: string) => void;
  /** Called once; nothing is handed on afterwards. */
  readonly tooLong: () => void;
}

/** Cuts a stream of bytes at line feeds; what stands after the last one waits for more. */
export function createLineSplitter(maxBytes: number, handlers: LineHandlers): (chunk: Buffer) => void {
  let rest: Buffer[] = [];
  let room = maxBytes;

  function keep(part: Buffer): void {
    rest.push(part);
    room -= part.length;
  }

  function flush(): void {
    const line = Buffer.concat(rest).toString('utf8');
    rest = [];
    room = maxBytes;
    handlers.line(line);
  }

  return (chunk) => {
    let from = 0;
    while (room >= 0) {
      const end = chunk.indexOf(0x0a, from);
      keep(chunk.subarray(from, end < 0 ? chunk.length : end));
      if (room < 0) {
        rest = [];
        handlers.tooLong();
      } else if (end >= 0) flush();
      if (end < 0) return;
      from = end + 1;
    }
  };
}
