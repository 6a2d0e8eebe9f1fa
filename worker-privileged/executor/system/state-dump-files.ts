import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform, Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';

/** What is noted of a file of a dump, to know it again. */
export type Written = { readonly octets: number; readonly sha256: string };

/** What mariadb-dump ends with where it came to its end. */
const ITS_END = /\n-- Dump completed\n$/;

/** Compressed, to a file that is new and that only root reads; it outlasts a loss of power once this has ended. */
export async function compressTo(path: string, text: Readable): Promise<void> {
  await pipeline(text, createGzip(), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

/** Reads the whole of it. Throws where it is no archive, ends early, or does not end as a dump does. */
export async function readThrough(path: string): Promise<Written> {
  const hash = createHash('sha256');
  let octets = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      octets += chunk.length;
      hash.update(chunk);
      done(null, chunk);
    },
  });
  let last = '';
  const end = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      last = (last + chunk.toString('latin1')).slice(-50);
      done();
    },
  });
  await pipeline(createReadStream(path), counted, createGunzip(), end);
  if (!ITS_END.test(last)) throw new Error('it ends before its end');
  return { octets, sha256: hash.digest('hex') };
}
