import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { paths } from './paths.ts';

const NAME = /^(.+?)(?:\.([0-9]+)(\.gz)?)?$/;

/** Root's log as far as logrotate keeps it, the oldest file first; octets as latin1. */
export async function* auditFiles(): AsyncGenerator<string, void, undefined> {
  const folder = dirname(paths.auditLog);
  const found = (await readdir(folder)).flatMap((name) => {
    const [, base, age = '0', packed] = NAME.exec(name) ?? [];
    return base === basename(paths.auditLog)
      ? [{ name, age: Number(age), packed: packed !== undefined }]
      : [];
  });
  for (const { name, packed } of found.sort((one, other) => other.age - one.age))
    yield* partsOf(`${folder}/${name}`, packed);
}

async function* partsOf(path: string, packed: boolean): AsyncGenerator<string, void, undefined> {
  const file = createReadStream(path);
  const unpacked = packed ? createGunzip() : new PassThrough();
  // It ends the other when one of them fails, and whoever reads hears of it.
  const piped = pipeline(file, unpacked).catch(() => undefined);
  for await (const part of unpacked.setEncoding('latin1')) yield String(part);
  await piped;
}
