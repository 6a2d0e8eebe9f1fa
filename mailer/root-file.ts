import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { jsonOf } from '../contract/json-text.ts';

/**
 * What root has set in a file, read at each use, so that it holds at once; as usual where there is none. Throws where it cannot
 * be understood.
 */
export async function readRootFile<S extends z.ZodType>(path: string, schema: S): Promise<z.infer<S>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return schema.parse({});
    throw cause;
  }
  const parsed = schema.safeParse(jsonOf(text));
  // Neither the parser nor the schema is let speak: they would quote what stands in the file.
  if (!parsed.success) throw new Error(`${path} cannot be understood`);
  return parsed.data;
}
