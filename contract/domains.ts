import { z } from 'zod';
import { DomainId, Generation, ServerId, TenantId } from './ids.ts';
import { Aliases, DomainName, PhpVersion, PublicDirectory } from './names.ts';
import { ProgramWords } from './programs.ts';
import { AskedOptions, ChangedOptions, ShownOptions, SiteOptions } from './site-options.ts';

/**
 * What answers for a site. `php` and `laravel`: its PHP, and files. `static`: files alone. `proxy` and `node`: a program of
 * its own at its socket. `redirect`: nobody; its visitors are sent elsewhere.
 */
export const SiteType = z.enum(['php', 'static', 'laravel', 'proxy', 'node', 'redirect']);
export type SiteType = z.infer<typeof SiteType>;

export const runsPhp = (type: SiteType): boolean => type === 'php' || type === 'laravel';
export const hasSocket = (type: SiteType): boolean => type === 'proxy' || type === 'node';

/** Where a program of a site listens for its visitors: in its own `tmp`, by a way that is short for any name. */
export const socketOfSite = (id: DomainId): string => `/etc/sculptor/sites/${id}/home/tmp/app.sock`;

/** What a `laravel` site serves of its project, which lies in `public`. */
export const LARAVEL_DIRECTORY = PublicDirectory.parse('public/public');

/** `site`: a user of its own. `pool`: the shared user `www`; these sites are one to the system and to a thief. */
export const Isolation = z.enum(['site', 'pool']);
export type Isolation = z.infer<typeof Isolation>;

const MIB = 1024 ** 2;

/**
 * What a site's PHP may take; null where it goes by the server's own. `memoryBytes`, of one request: PHP's memory_limit.
 * `seconds` a request may take. `uploadBytes` of one file. `processes`: how many requests PHP works on at once.
 */
export const PhpLimits = z.strictObject({
  memoryBytes: z
    .int()
    .min(16 * MIB)
    .max(64 * 1024 * MIB)
    .nullable(),
  seconds: z.int().min(1).max(3600).nullable(),
  uploadBytes: z
    .int()
    .min(MIB)
    .max(16 * 1024 * MIB)
    .nullable(),
  processes: z.int().min(1).max(1000).nullable(),
});
export type PhpLimits = z.infer<typeof PhpLimits>;

export const NO_PHP_LIMITS: PhpLimits = {
  memoryBytes: null,
  seconds: null,
  uploadBytes: null,
  processes: null,
};

/** What a panel asks for. `phpVersion` left out means the server's newest. */
export const CreateDomain = z.strictObject({
  name: DomainName,
  aliases: Aliases.default([]),
  type: SiteType.default('php'),
  phpVersion: PhpVersion.optional(),
  /** Left out: `public`, or for a project of Laravel its own `public`. */
  publicDirectory: PublicDirectory.optional(),
  options: AskedOptions.prefault({}),
  /** What the program of a `node` site is begun with; left out, `node server.js`. */
  start: ProgramWords.optional(),
  /** Whether the programs that its type usually has are made too. */
  createDefaults: z.boolean().default(true),
  /** What is left out goes by the server's own. */
  phpLimits: PhpLimits.partial().default({}),
  isolation: Isolation.default('site'),
  enabled: z.boolean().default(true),
  protected: z.boolean().default(false),
});
export type CreateDomain = z.infer<typeof CreateDomain>;

/**
 * What may change later. Name and isolation are for life: the folder and the owner of every file follow from
 * them. Protection can be asked for, and is cleared by root on the server alone.
 */
export const UpdateDomain = z
  .strictObject({
    aliases: Aliases,
    type: SiteType,
    phpVersion: PhpVersion,
    publicDirectory: PublicDirectory,
    options: ChangedOptions,
    createDefaults: z.boolean(),
    /** Those that are left out stay as they are. */
    phpLimits: PhpLimits.partial(),
    enabled: z.boolean(),
    protected: z.literal(true),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'at least one field to change');
export type UpdateDomain = z.infer<typeof UpdateDomain>;

/** Whose it shall be from now on, with all that belongs to it: its queues, crons, keys, certificate and cache. */
export const MoveDomain = z.strictObject({ tenant: TenantId });
export type MoveDomain = z.infer<typeof MoveDomain>;

/**
 * `pending`: no operation has ended well yet. `failed`: the last one did not; what stood before still serves.
 * `trashed`: removed, and can be brought back; `deleted` is what was purged.
 */
export const ResourceStatus = z.enum(['pending', 'live', 'failed', 'deleting', 'trashed', 'deleted']);
export type ResourceStatus = z.infer<typeof ResourceStatus>;

/** A domain as the API shows it; times are ISO 8601 in UTC. */
export const Domain = z.strictObject({
  id: DomainId,
  name: DomainName,
  aliases: Aliases,
  type: SiteType,
  phpVersion: PhpVersion.nullable(),
  publicDirectory: PublicDirectory,
  options: ShownOptions,
  phpLimits: PhpLimits,
  isolation: Isolation,
  enabled: z.boolean(),
  protected: z.boolean(),
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  status: ResourceStatus,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Domain = z.infer<typeof Domain>;

/** What the executor is given: everything else it derives from the id, or knows. */
export const SiteSpec = z.strictObject({
  id: DomainId,
  generation: Generation,
  name: DomainName,
  aliases: Aliases,
  type: SiteType,
  phpVersion: PhpVersion.nullable(),
  publicDirectory: PublicDirectory,
  options: SiteOptions.prefault({}),
  phpLimits: PhpLimits.default(NO_PHP_LIMITS),
  isolation: Isolation,
  enabled: z.boolean(),
  protected: z.boolean(),
  tenant: TenantId,
});
export type SiteSpec = z.infer<typeof SiteSpec>;
