import { z } from 'zod';
import { MaxConnections, Privileges } from './databases.ts';
import { Charset, Collation } from './collations.ts';
import { SiteSpec } from './domains.ts';
import { Differences } from './drift.ts';
import { DatabaseId, DomainId, Generation, ServerId, TenantId } from './ids.ts';
import { DatabaseName, DatabaseUserName } from './names.ts';
import { Operation, ResourceType } from './operations.ts';
import type { OperationKind } from './operations.ts';
import { KeptOptions } from './site-options.ts';
import { PartName } from './site-parts.ts';
import { Plan } from './tenants.ts';

/**
 * What is told beforehand. Not what is done for its own sake (a restart, a run, a repair), nor what moves from one tenant to
 * another. The worker's table of planners is mapped over these.
 */
export const PLANNABLE = [
  ...(['domain.create', 'domain.update', 'domain.delete', 'domain.restore'] as const),
  ...(['database.create', 'database.update', 'database.delete', 'database.restore'] as const),
  ...(['databaseUser.create', 'databaseUser.update', 'databaseUser.rotate', 'databaseUser.delete'] as const),
  ...(['key.create', 'key.delete'] as const),
  ...(['cache.create', 'cache.update', 'cache.rotate', 'cache.delete'] as const),
  ...(['certificate.create', 'certificate.update', 'certificate.renew', 'certificate.delete'] as const),
  ...(['cron.create', 'cron.update', 'cron.delete'] as const),
  ...(['queue.create', 'queue.update', 'queue.start', 'queue.stop', 'queue.delete'] as const),
  ...(['tenant.create', 'tenant.update', 'tenant.suspend', 'tenant.resume'] as const),
  ...(['tenant.delete', 'tenant.restore'] as const),
] as const satisfies readonly OperationKind[];
export const PlannableKind = z.enum(PLANNABLE);
export type PlannableKind = z.infer<typeof PlannableKind>;

/** One request may ask for so many things at once, each by an operation of its own; the rest is counted. */
export const MOST_CHANGES = 50;

const Resource = { id: z.string().regex(/^(?:default|[a-z][a-z0-9]{11})$/), name: z.string().max(253) };

/** An operation that was not written. `version` is read by the schema of its type, by whoever goes by it. */
export const WouldBe = z.strictObject({
  kind: PlannableKind,
  resource: z.strictObject(Resource),
  generation: Generation,
  tenant: TenantId,
  server: ServerId,
  version: z.unknown(),
});
export type WouldBe = z.infer<typeof WouldBe>;

/** `left`: so many more would be asked for. */
export const WantedPlan = z.strictObject({
  changes: z.array(WouldBe).min(1).max(MOST_CHANGES),
  left: z.int().min(0),
});
export type WantedPlan = z.infer<typeof WantedPlan>;

const Part = z.strictObject({ domain: DomainId, name: PartName, spec: z.unknown() });

/** What would be written of each type, without what lets somebody in: that is not made for a plan. */
export const WOULD_BE_VERSIONS = {
  domain: SiteSpec.omit({ id: true, generation: true, tenant: true }).extend({ options: KeptOptions }),
  database: z.strictObject({
    ...{ name: DatabaseName, charset: Charset, collation: Collation },
    protected: z.boolean(),
  }),
  databaseUser: z.strictObject({
    ...{ name: DatabaseUserName, database: DatabaseId, databaseName: DatabaseName },
    ...{ privileges: Privileges, maxConnections: MaxConnections },
  }),
  tenant: z.strictObject({ plan: Plan, suspended: z.boolean() }),
  key: Part,
  cache: Part,
  certificate: Part,
  cron: Part,
  queue: Part,
} as const satisfies { readonly [T in ResourceType]?: z.ZodType };
export type WouldBeType = keyof typeof WOULD_BE_VERSIONS;
export type WouldBeVersion<T extends WouldBeType> = z.infer<(typeof WOULD_BE_VERSIONS)[T]>;

/** What one of them would change on the server. */
export const PlannedChange = z.strictObject({
  kind: PlannableKind,
  resource: z.strictObject({ type: ResourceType, ...Resource }),
  differences: Differences,
});
export type PlannedChange = z.infer<typeof PlannedChange>;

export const FoundPlan = z.strictObject({ changes: z.array(PlannedChange), left: z.int().min(0) });
export type FoundPlan = z.infer<typeof FoundPlan>;

/** As it is shown at its own address. `plan` is null until it was made; what is no plan has none. */
export const ShownOperation = Operation.extend({ plan: FoundPlan.nullable().optional() });
export type ShownOperation = z.infer<typeof ShownOperation>;
