import { z } from 'zod';

export const YEAR = 31_536_000;

/** That browsers come by TLS alone. */
export const Hsts = z
  .strictObject({
    maxAgeSeconds: z
      .int()
      .min(0)
      .max(2 * YEAR),
    includeSubdomains: z.boolean().default(false),
    preload: z.boolean().default(false),
  })
  .refine((hsts) => !hsts.preload || (hsts.includeSubdomains && hsts.maxAgeSeconds >= YEAR), {
    path: ['preload'],
    message: `false, or with includeSubdomains and a maxAgeSeconds of ${YEAR} at least: no list of browsers takes it else`,
  });
export type Hsts = z.infer<typeof Hsts>;

/** Whether browsers are bound for longer, or under more names: whoever has heard it is bound until its time is over. */
export function bindsBrowsersMore(before: Hsts | null, after: Hsts | null): boolean {
  if (after === null || after.maxAgeSeconds === 0) return false;
  if (before === null || after.maxAgeSeconds > before.maxAgeSeconds) return true;
  return (after.includeSubdomains && !before.includeSubdomains) || (after.preload && !before.preload);
}
