import { z } from 'zod';

/** A diff is clipped after so many characters, and says so. */
export const MOST_OF_A_DIFF = 6_000;
/** And of so many differences, and files of one, the rest is counted. */
export const MOST_DIFFERENCES = 200;
export const MOST_FILES = 40;

/** How one file that the agent writes is not as it is to be. */
export const FileDifference = z.strictObject({
  path: z.string().max(400),
  /** Whether it would be made, changed or removed, and what of its owner and mode is not as it is to be. */
  words: z.string().max(500),
  /** Unified, from what is on the server to what is to be. Null where no text differs, or it holds a secret. */
  diff: z
    .string()
    .max(MOST_OF_A_DIFF + 200)
    .nullable(),
});
export type FileDifference = z.infer<typeof FileDifference>;

/** What one step would change. */
export const Difference = z.strictObject({
  step: z.string().max(100),
  words: z.string().max(500),
  files: z.array(FileDifference).max(MOST_FILES),
});
export type Difference = z.infer<typeof Difference>;

export const Differences = z.array(Difference).max(MOST_DIFFERENCES);
export type Differences = z.infer<typeof Differences>;
