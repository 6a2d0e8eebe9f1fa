import { Transform } from 'node:stream';

/** Longer than what a dump writes in front of a name; a line of data has megabytes. */
const HEAD_BYTES = 4096;
const NEWLINE = 0x0a;

/** Passes bytes on, the beginning of each line as `edit` returns it: in latin1, which keeps every byte. */
export function createLineHeads(edit: (head: string) => string): Transform {
  let head = Buffer.alloc(0);
  let beyond = false;

  const take = (stream: Transform, chunk: Buffer) => {
    for (let from = 0; from < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, from);
      const end = newline === -1 ? chunk.length : newline;
      const part = chunk.subarray(from, end);
      if (beyond) stream.push(part);
      else head = Buffer.concat([head, part]);
      if (!beyond && (newline !== -1 || head.length > HEAD_BYTES)) release(stream);
      if (newline !== -1) {
        stream.push('\n');
        beyond = false;
      }
      from = end + 1;
    }
  };
  const release = (stream: Transform) => {
    stream.push(Buffer.from(edit(head.toString('latin1')), 'latin1'));
    head = Buffer.alloc(0);
    beyond = true;
  };

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      take(this, chunk);
      done();
    },
    flush(done) {
      if (!beyond) release(this);
      done();
    },
  });
}
