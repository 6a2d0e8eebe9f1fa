import { z } from 'zod';
import { Hsts, YEAR } from './hsts.ts';
import { Redirect } from './redirects.ts';
import { AddressRange } from './tokens.ts';
import {
  AskedBasicAuth,
  BasicAuth,
  keepsVisitorsOff,
  KeptBasicAuth,
  letsVisitorsIn,
  ShownBasicAuth,
} from './visitors.ts';
import { Www } from './www.ts';

/** A file's name in the folder that is asked for, and no path. */
const FileName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, 'the name of a file such as home.html, and no path')
  .refine((name) => !name.includes('..'), 'a name without two dots in a row');

/** A page below the served folder. Not PHP: it is shown as it is. */
const ErrorPage = z
  .string()
  .max(200)
  .regex(
    /^(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,62}){1,5}\.html?$/,
    'the path of a page below the served folder, such as /errors/404.html',
  )
  .refine((path) => !path.includes('..'), 'a path without two dots in a row')
  .meta({ examples: ['/404.html', '/errors/50x.html', '/a/b_c/d-e/f.g/h.htm'] });

const ERROR_CODES = ['403', '404', '500', '502', '503', '504'] as const;

const ErrorPages = z
  .strictObject(Object.fromEntries(ERROR_CODES.map((code) => [code, ErrorPage])) as ErrorPageFields)
  .partial();
type ErrorPageFields = Record<(typeof ERROR_CODES)[number], typeof ErrorPage>;

const FIELDS = {
  /** What is looked for where a folder is asked for, before the usual files. */
  index: z.array(FileName).max(10),
  /** The largest body of a request. */
  bodyBytes: z.int().min(1024).max(2_147_483_648),
  /** How long PHP or a program may be silent before its visitor is told so. */
  timeoutSeconds: z.int().min(1).max(3600),
  /** Who may visit the site; nobody is kept off where it is empty. */
  allowedAddresses: z.array(AddressRange).max(100),
  accessLog: z.boolean(),
  /** `false`: what PHP or a program answers goes out as it comes, and a body is handed on as it comes in. */
  buffering: z.boolean(),
  redirect: Redirect.nullable(),
  www: Www,
  /** Only while the site has a certificate. */
  forceHttps: z.boolean(),
  hsts: Hsts.nullable(),
  /** For how long browsers may keep files that are no pages; null where nothing is said of it. */
  staticCacheSeconds: z.int().min(0).max(YEAR).nullable(),
  /** What is shown with an answer of that status. */
  errorPages: ErrorPages,
};

const USUAL = {
  index: FIELDS.index.default([]),
  bodyBytes: FIELDS.bodyBytes.default(67_108_864),
  timeoutSeconds: FIELDS.timeoutSeconds.default(300),
  allowedAddresses: FIELDS.allowedAddresses.default([]),
  accessLog: FIELDS.accessLog.default(true),
  buffering: FIELDS.buffering.default(true),
  redirect: FIELDS.redirect.default(null),
  www: FIELDS.www.default('asIs'),
  forceHttps: FIELDS.forceHttps.default(false),
  hsts: FIELDS.hsts.default(null),
  staticCacheSeconds: FIELDS.staticCacheSeconds.default(null),
  errorPages: FIELDS.errorPages.default({}),
};

/** How a site is served, each with what it is where nothing is said. */
export const SiteOptions = z.strictObject({ ...USUAL, basicAuth: BasicAuth.default(null) });
export type SiteOptions = z.infer<typeof SiteOptions>;

export const DEFAULT_OPTIONS: SiteOptions = SiteOptions.parse({});

/** As they are asked for with a site that is new. */
export const AskedOptions = z.strictObject({ ...USUAL, basicAuth: AskedBasicAuth.default(null) });
export type AskedOptions = z.infer<typeof AskedOptions>;

/** What is not named stays. */
export const ChangedOptions = z.strictObject({ ...FIELDS, basicAuth: AskedBasicAuth }).partial();
export type ChangedOptions = z.infer<typeof ChangedOptions>;

/** As they are shown, and as they are kept: without what lets somebody in. */
export const ShownOptions = z.strictObject({ ...USUAL, basicAuth: ShownBasicAuth.default(null) });
export type ShownOptions = z.infer<typeof ShownOptions>;

export const KeptOptions = z.strictObject({ ...USUAL, basicAuth: KeptBasicAuth.default(null) });
export type KeptOptions = z.infer<typeof KeptOptions>;

type Doors = Pick<SiteOptions | KeptOptions, 'allowedAddresses' | 'basicAuth'>;

/** Whether somebody who may visit it now no longer may; which networks hold which is not worked out. */
export function keepsMoreOff(before: Doors, after: Doors): boolean {
  return keepsAddressesOff(before, after) || keepsVisitorsOff(before.basicAuth, after.basicAuth);
}

export function keepsAddressesOff(before: Doors, after: Doors): boolean {
  if (after.allowedAddresses.length === 0) return false;
  const allowed = before.allowedAddresses;
  return allowed.length === 0 || allowed.some((range) => !after.allowedAddresses.includes(range));
}

/** Whether somebody may visit it who may not now: from another address, by name and password, or without. */
export function letsMoreIn(before: Doors, after: Doors): boolean {
  return letsAddressesIn(before, after) || letsVisitorsIn(before.basicAuth, after.basicAuth);
}

export function letsAddressesIn(before: Doors, after: Doors): boolean {
  return keepsAddressesOff(after, before);
}
