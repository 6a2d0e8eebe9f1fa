import { z } from 'zod';
import { ResourceType } from './operations.ts';

/** One thing that was removed and can still be brought back, until the server purges it. */
export const TrashItem = z.strictObject({
  type: ResourceType,
  id: z.string(),
  name: z.string(),
  trashedAt: z.iso.datetime(),
  purgeAfter: z.iso.datetime(),
});
export type TrashItem = z.infer<typeof TrashItem>;
