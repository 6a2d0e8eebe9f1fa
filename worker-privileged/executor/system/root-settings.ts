import type { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import type { Files } from './files.ts';

export type RootSettings<S> = {
  readonly path: string;
  readonly schema: S;
  /** What root does about a file that cannot be understood. */
  readonly mend: string;
};

/** What root has set in a file; null where there is none. What is wrong with it is not quoted: there may be a password in it. */
export async function readRootSettings<S extends z.ZodType>(
  files: Pick<Files, 'read'>,
  { path, schema, mend }: RootSettings<S>,
): Promise<z.infer<S> | null> {
  const text = await files.read(path);
  if (text === null) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new FailureError('server_broken', `The file ${path} cannot be understood.`, mend);
  }
}
