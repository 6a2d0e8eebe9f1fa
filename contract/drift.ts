import { z } from 'zod';
import { OperationId, ServerId, TenantId } from './ids.ts';
import { ResourceType } from './operations.ts';

/** A diff is clipped after so many characters, and says so. */
export const MOST_OF_A_DIFF = 6_000;
/** And of so many differences, and files of one, the rest is counted. */
export const MOST_DIFFERENCES = 200;
export const MOST_FILES = 40;
/** So many characters are kept of all that one operation finds, in JSON. */
export const MOST_OF_ALL = 500_000;

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

/** What is known of how a resource stands on its server, beside what was asked for. */
export const Drift = z.strictObject({
  resource: z.strictObject({ type: ResourceType, id: z.string(), name: z.string() }),
  tenant: TenantId,
  server: ServerId,
  /** Null where nobody has looked yet. */
  lookedAt: z.iso.datetime().nullable(),
  /** Since when it is not as it was asked for; null where it is. */
  since: z.iso.datetime().nullable(),
  differences: Differences,
  /** What was found before an operation that changed the resource then, the newest first. */
  kept: z.array(
    z.strictObject({ operation: OperationId, foundAt: z.iso.datetime(), differences: Differences }),
  ),
});
export type Drift = z.infer<typeof Drift>;

/** One of a list, without its diffs. */
export const DriftSummary = Drift.omit({ kept: true, differences: true }).extend({
  differences: z.array(Difference.omit({ files: true })),
});
export type DriftSummary = z.infer<typeof DriftSummary>;
