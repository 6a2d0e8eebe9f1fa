import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { StateDumpName } from '../../../contract/state-dumps.ts';
import type { Files } from '../system/files.ts';
import { paths } from '../system/paths.ts';
import { CARRIED } from '../system/state-carried.ts';

/** What was kept of the state that is being replaced, for whoever begins again after what ended it. */
export const RestoreMark = z.strictObject({
  name: StateDumpName,
  since: z.iso.datetime(),
  /** As a dump; null where there was none to keep, or root said to go without. */
  kept: StateDumpName.nullable(),
  /** The tables of which what is younger than the dump holds after it. */
  carried: z.array(z.enum(CARRIED)),
});
export type RestoreMark = z.infer<typeof RestoreMark>;

type Tools = { readonly files: Pick<Files, 'read' | 'replace' | 'remove'> };

/** Throws where it cannot be understood. */
export async function readMark({ files }: Tools): Promise<RestoreMark | null> {
  const text = await files.read(paths.stateRestore);
  if (text === null) return null;
  try {
    return RestoreMark.parse(JSON.parse(text));
  } catch {
    throw new FailureError(
      'mismatch',
      `${paths.stateRestore} cannot be read, and has what was kept of the state. Nothing was changed.`,
      'Say --without-keeping to go on as if nothing was: every token but the one in /etc/sculptor/admin-token is revoked then.',
    );
  }
}

export async function writeMark({ files }: Tools, mark: RestoreMark): Promise<void> {
  await files.replace(paths.stateRestore, `${JSON.stringify(mark)}\n`, 0o600);
}

export async function removeMark({ files }: Tools): Promise<void> {
  await files.remove(paths.stateRestore);
}
