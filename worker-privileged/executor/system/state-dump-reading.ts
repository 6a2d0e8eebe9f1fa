import { FailureError } from '../../../contract/failures.ts';
import { StateDumpName } from '../../../contract/state-dumps.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';
import { StateDumpAbout } from './state-dump-about.ts';
import { readThrough } from './state-dump-files.ts';

/** One that lies there. `about` is null where what lies beside it cannot be read. */
export type StateDump = { readonly name: StateDumpName; readonly about: StateDumpAbout | null };

type Tools = { readonly files: Pick<Files, 'read'>; readonly folders: Pick<Folders, 'look' | 'list'> };

/** Newest first. */
export async function listStateDumps({ files, folders }: Tools): Promise<readonly StateDump[]> {
  if ((await folders.look(paths.stateDumps)) === null) return [];
  const names = (await folders.list(paths.stateDumps)).flatMap(
    (name) => StateDumpName.safeParse(name).data ?? [],
  );
  const read = async (name: StateDumpName) => {
    const text = await files.read(`${paths.stateDump(name)}/about.json`).catch(() => null);
    return { name, about: parse(text) };
  };
  return Promise.all(names.sort().reverse().map(read));
}

function parse(text: string | null): StateDumpAbout | null {
  try {
    return StateDumpAbout.safeParse(JSON.parse(text ?? 'null')).data ?? null;
  } catch {
    return null;
  }
}

/** Reads all of it. Throws where it is not what was written. */
export async function verifyStateDump(tools: Tools, name: StateDumpName): Promise<StateDumpAbout> {
  const found = (await listStateDumps(tools)).find((each) => each.name === name);
  if (found === undefined)
    throw new FailureError(
      'not_found',
      `There is no dump ${name}.`,
      'sculptorctl system state-dumps shows those that there are.',
    );
  const { about } = found;
  if (about === null) throw broken(name, 'what is noted beside it cannot be read');
  const parts = [
    { file: 'state.sql.gz', noted: about.state },
    ...(about.door === null ? [] : [{ file: 'door.sql.gz', noted: about.door }]),
  ];
  for (const { file, noted } of parts) {
    const read = await readThrough(`${paths.stateDump(name)}/${file}`).catch((cause: unknown) => {
      throw because(cause, broken(name, `${file} cannot be read to its end`));
    });
    if (read.sha256 !== noted.sha256) throw broken(name, `${file} is not what was written`);
  }
  return about;
}

function broken(name: StateDumpName, why: string): FailureError {
  return new FailureError(
    'mismatch',
    `The dump ${name} is not whole: ${why}. Nothing was changed.`,
    'Take another: sculptorctl system state-dumps shows those that there are.',
  );
}
