import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
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
  for (const { name, packed } of found.sort((one, other) => other.age - one.age)) {
    const bytes = await readFile(`${folder}/${name}`);
    yield (packed ? await promisify(gunzip)(bytes) : bytes).toString('latin1');
  }
}
