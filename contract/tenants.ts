import { z } from 'zod';
import { ResourceStatus } from './domains.ts';
import { DatabaseId, DomainId, Generation, ServerId, TenantId } from './ids.ts';

/** How many of a thing; null where the plan says nothing. */
const number = z.int().min(0).max(1_000_000).nullable();
const GIB = 1024 ** 3;
/** Up to what every number of a JSON text can say. */
const octets = z
  .int()
  .min(1024 ** 2)
  .max(Number.MAX_SAFE_INTEGER)
  .nullable();

const LIMITS = {
  domains: number,
  databases: number,
  databaseUsers: number,
  queues: number,
  crons: number,
  keys: number,
  tokens: number,
  /** Of its programs, those that the network reaches by a port of their own. */
  publicPorts: number,
  /** Of each of its sites: PHP and what else runs in the site's slice. */
  phpMemoryBytes: z
    .int()
    .min(64 * 1024 ** 2)
    .max(4096 * GIB)
    .nullable(),
  /** Of each of its sites: how many requests PHP works on at once. */
  phpProcesses: z.int().min(1).max(1000).nullable(),
  /** Of all its database users together: one that asks for no number of its own counts as one, and shares what is left. */
  databaseConnections: z.int().min(1).max(100_000).nullable(),
  /** Of the files of all of its sites, those in the trash too, and of its databases. */
  diskBytes: octets,
} as const;

/**
 * What one tenant may have. A panel keeps its catalogue of named plans; the agent holds what holds for a tenant. A limit
 * that is lowered below what is there takes nothing away: nothing more is made until there is room again.
 */
export const Plan = z.strictObject({
  ...LIMITS,
  /** A plan that was stored before there was such a limit has none. */
  diskBytes: octets.default(null),
  /** And lets no program be reached. */
  publicPorts: number.default(0),
});
export type Plan = z.infer<typeof Plan>;

/** What is left out is not said, whatever it is where nothing was ever said. */
const SomeLimits = z.strictObject(LIMITS).partial();

/** Where nothing is said there is no limit; but a port that the network reaches is given, and not taken. */
export const NO_LIMITS: Plan = {
  domains: null,
  databases: null,
  databaseUsers: null,
  queues: null,
  crons: null,
  keys: null,
  tokens: null,
  phpMemoryBytes: null,
  phpProcesses: null,
  databaseConnections: null,
  diskBytes: null,
  publicPorts: 0,
};

/** The limits that are numbers of things a tenant owns. */
export const OwnedKind = z.enum([
  'domains',
  'databases',
  'databaseUsers',
  'queues',
  'crons',
  'keys',
  'tokens',
  'publicPorts',
]);
export type OwnedKind = z.infer<typeof OwnedKind>;

/** Words for a person, printable and on one line. */
export const TenantName = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9 ._@-]{0,98}[A-Za-z0-9._-])?$/,
    'up to 100 of letters, digits, spaces, . _ @ -',
  )
  .brand<'TenantName'>();
export type TenantName = z.infer<typeof TenantName>;

/** Why, for whoever reads it later. It is shown to the tenant and not to visitors of its sites. */
export const SuspensionReason = z
  .string()
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u, '1 to 200 printable characters on one line')
  .refine((text) => text.trim() === text, 'no blanks at its ends');

export const CreateTenant = z.strictObject({
  name: TenantName,
  /** What is left out has no limit, but for public ports: of these there are none then. */
  plan: SomeLimits.default({}),
});
export type CreateTenant = z.infer<typeof CreateTenant>;

/** Limits that are left out stay as they are. */
export const UpdateTenant = z
  .strictObject({ name: TenantName, plan: SomeLimits })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'at least one field to change');
export type UpdateTenant = z.infer<typeof UpdateTenant>;

export const SuspendTenant = z.strictObject({ reason: SuspensionReason });
export type SuspendTenant = z.infer<typeof SuspendTenant>;

export const Suspension = z.strictObject({ reason: z.string(), since: z.iso.datetime() });
export type Suspension = z.infer<typeof Suspension>;

/** A tenant as the API shows it; times are ISO 8601 in UTC. */
export const Tenant = z.strictObject({
  id: TenantId,
  name: TenantName,
  plan: Plan,
  suspended: Suspension.nullable(),
  server: ServerId,
  generation: Generation,
  status: ResourceStatus,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Tenant = z.infer<typeof Tenant>;

/**
 * What a tenant takes of the disk: the files of its sites, those in the trash too, and its databases. `quota`: the
 * kernel refuses files beyond the limit. `measured`: what goes beyond it is found out when it is measured next.
 */
export const DiskUsage = z.strictObject({
  filesBytes: z.int().min(0),
  databasesBytes: z.int().min(0),
  usedBytes: z.int().min(0),
  /** When that was measured which was measured longest ago; null while nothing was. */
  measuredAt: z.iso.datetime().nullable(),
  /** Null where there is no limit. */
  enforcement: z.enum(['quota', 'measured']).nullable(),
});
export type DiskUsage = z.infer<typeof DiskUsage>;

/** What a tenant has now, beside what it may have. */
export const TenantUsage = z.strictObject({
  tenant: TenantId,
  counts: z.record(OwnedKind, z.int().min(0)),
  disk: DiskUsage,
  plan: Plan,
});
export type TenantUsage = z.infer<typeof TenantUsage>;

/** What the executor is given. Why it is suspended is nothing that root needs to know. */
export const TenantSpec = z.strictObject({
  id: TenantId,
  generation: Generation,
  plan: Plan,
  suspended: z.boolean(),
});
export type TenantSpec = z.infer<typeof TenantSpec>;

/** What stands of a tenant's on a server, by root's own record: each is to be brought in line with it. */
export const TenantStanding = z.strictObject({ sites: z.array(DomainId), databases: z.array(DatabaseId) });
export type TenantStanding = z.infer<typeof TenantStanding>;
