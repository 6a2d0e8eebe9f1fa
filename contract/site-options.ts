import { z } from 'zod';
import { AddressRange } from './tokens.ts';

/** A file's name in the folder that is asked for, and no path. */
const FileName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, 'the name of a file such as home.html, and no path')
  .refine((name) => !name.includes('..'), 'a name without two dots in a row');

const FIELDS = {
  /** What is looked for where a folder is asked for, before the usual files. */
  index: z.array(FileName).max(10),
  /** The largest body of a request. */
  bodyBytes: z.int().min(1024).max(2_147_483_648),
  /** How long PHP may be silent before its visitor is told so. */
  timeoutSeconds: z.int().min(1).max(3600),
  /** Who may visit the site; nobody is kept off where it is empty. */
  allowedAddresses: z.array(AddressRange).max(100),
  accessLog: z.boolean(),
};

/** How a site is served, each with what it is where nothing is said. */
export const SiteOptions = z.strictObject({
  index: FIELDS.index.default([]),
  bodyBytes: FIELDS.bodyBytes.default(67_108_864),
  timeoutSeconds: FIELDS.timeoutSeconds.default(300),
  allowedAddresses: FIELDS.allowedAddresses.default([]),
  accessLog: FIELDS.accessLog.default(true),
});
export type SiteOptions = z.infer<typeof SiteOptions>;

export const DEFAULT_OPTIONS: SiteOptions = SiteOptions.parse({});

/** Whether somebody who may visit it now no longer may; which networks hold which is not worked out. */
export function keepsMoreOff(before: SiteOptions, after: SiteOptions): boolean {
  if (after.allowedAddresses.length === 0) return false;
  const allowed = before.allowedAddresses;
  return allowed.length === 0 || allowed.some((range) => !after.allowedAddresses.includes(range));
}

/** What is not named stays. */
export const ChangedOptions = z.strictObject(FIELDS).partial();
export type ChangedOptions = z.infer<typeof ChangedOptions>;
