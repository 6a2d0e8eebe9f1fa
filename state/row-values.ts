import { z } from 'zod';

/** A BOOLEAN column, which MariaDB answers as a number. */
export const bit = z.union([z.boolean(), z.number().transform((value) => value === 1)]);

/** A DATETIME column as the contract writes times. */
export const instant = z.date().transform((date) => date.toISOString());

/** A JSON column, parsed as that schema. */
export function json<S extends z.ZodType>(schema: S) {
  return z.string().transform(parse).pipe(schema);
}

function parse(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
}

/** A JSON column of whatever somebody wrote there: null where it is no JSON, which a session can see to. */
export const looseJson = z.string().transform((text): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
});
