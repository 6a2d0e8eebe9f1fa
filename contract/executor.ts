import { z } from 'zod';
import { AuditHead, RootLine } from './audit.ts';
import { BanJails, BanReport, SpeltBanAddress } from './bans.ts';
import { CacheUsages } from './caches.ts';
import { CertificateReport, Fingerprint, ServedCertificate } from './certificates.ts';
import { Charset, charsetOf, Collation } from './collations.ts';
import { CronReport } from './crons.ts';
import { SiteSpec } from './domains.ts';
import { Differences } from './drift.ts';
import { Failure } from './failures.ts';
import { DatabaseId, DomainId, Generation, OperationId, PartId, ServerRequestId, TenantId } from './ids.ts';
import { ServerLook } from './health.ts';
import { PhpVersion } from './names.ts';
import { RunResult } from './runs.ts';
import {
  CachePut,
  CertificatePut,
  CronPut,
  KeyPut,
  PartPlace,
  PartRemoval,
  QueuePut,
  RunStart,
} from './site-parts.ts';
import { ProgramOutput, ProgramReport } from './queues.ts';
import { OperationStep } from './operations.ts';
import { StateDumped } from './state-dumps.ts';
import { TenantSpec, TenantStanding } from './tenants.ts';
import { UpdateReport, UpdateRun, UpdatesStatus } from './updates.ts';

/** One request is one line of JSON; a longer line is refused unread. */
export const MAX_REQUEST_BYTES = 65_536;

/**
 * How the worker finds out that a site answers: the request to make through nginx's own listener for probes,
 * and the answer that only this site, in this state, can give. `closed`: the connection ends without an answer.
 * `certificate`: over TLS, what is shown to whoever asks for that host.
 */
export const Probe = z.strictObject({
  host: z.string().max(253),
  path: z.string().max(100),
  expect: z.union([
    z.strictObject({ status: z.int(), body: z.string().max(200).optional() }),
    z.strictObject({ certificate: Fingerprint }),
    z.literal('closed'),
  ]),
});
export type Probe = z.infer<typeof Probe>;

const CertificateResult = z.strictObject({ probes: z.array(Probe), served: ServedCertificate.nullable() });

/** The closed table of what may be asked of root: verb, arguments, result. Not in it, not done. */
export const VERBS = {
  'server.facts': {
    args: z.strictObject({}),
    result: z.strictObject({
      phpVersions: z.array(PhpVersion),
      hostname: z.string().max(253),
      timeZone: z.string().max(100),
    }),
  },
  /** How it fares, and who runs on it. */
  'server.look': { args: z.strictObject({}), result: ServerLook },
  'site.put': { args: SiteSpec, result: z.strictObject({ probes: z.array(Probe) }) },
  'site.remove': {
    args: z.strictObject({ id: DomainId }),
    /** Null where nothing of it is kept: it never came about, or was purged. */
    result: z.strictObject({ probes: z.array(Probe), purgeAfter: z.iso.datetime().nullable() }),
  },
  /** The site as it shall be from now on; everything that is not in it comes back as it was. */
  'site.restore': { args: SiteSpec, result: z.strictObject({ probes: z.array(Probe) }) },
  /** As it shall be, and from now on another tenant's; `tenant` is the one it has until then. */
  'site.move': {
    args: SiteSpec.extend({ to: TenantId }),
    result: z.strictObject({ probes: z.array(Probe) }),
  },
  'site.purge': { args: z.strictObject({ id: DomainId }), result: z.strictObject({}) },
  'key.put': { args: KeyPut, result: z.strictObject({}) },
  'key.remove': { args: PartRemoval, result: z.strictObject({}) },
  'cache.put': { args: CachePut, result: z.strictObject({}) },
  'cache.remove': { args: PartRemoval, result: z.strictObject({}) },
  /** What the caches' keeper has measured last; null where no site has one, or none was measured yet. */
  'cache.usages': {
    args: z.strictObject({}),
    result: z.strictObject({ usages: CacheUsages.nullable() }),
  },
  'certificate.put': { args: CertificatePut, result: CertificateResult },
  /** Makes it anew, or asks for it anew, whatever stands; once for each version. */
  'certificate.renew': { args: PartRemoval, result: CertificateResult },
  'certificate.remove': { args: PartRemoval, result: z.strictObject({}) },
  /** How all certificates of sites stand. */
  'certificates.look': {
    /** Those of sites behind that one; null for the first. */
    args: z.strictObject({ after: DomainId.nullable() }),
    /** `next` where there are more than one answer holds. */
    result: z.strictObject({ certificates: z.array(CertificateReport), next: DomainId.nullable() }),
  },
  /** Served or suspended, as its tenant is by root's own record. */
  'site.align': {
    args: z.strictObject({ id: DomainId }),
    result: z.strictObject({ probes: z.array(Probe) }),
  },
  /** What on the server is not as root's own record of the site, and of all that belongs to it, says. */
  'site.drift': {
    args: z.strictObject({ id: DomainId }),
    result: z.strictObject({ differences: Differences, probes: z.array(Probe) }),
  },
  /** As it says again; `differences` is what was found, and is overwritten. */
  'site.repair': {
    args: z.strictObject({ id: DomainId }),
    result: z.strictObject({ differences: Differences, probes: z.array(Probe) }),
  },
  /** What its files take of the disk, in place or in the trash; null where there are none. Noted by root too. */
  'site.measure': {
    args: z.strictObject({ id: DomainId }),
    result: z.strictObject({
      octets: z.int().min(0).nullable(),
      /** The kernel holds its tenant's limit for them. */
      enforced: z.boolean(),
    }),
  },
  'cron.put': { args: CronPut, result: z.strictObject({}) },
  /** Starts it now, once for each version, whoever asks how often; not while it runs. Its end is not waited for. */
  'cron.run': { args: PartRemoval, result: z.strictObject({}) },
  'cron.remove': { args: PartRemoval, result: z.strictObject({}) },
  /** How all crons of this server fare, without what they said. */
  'crons.look': {
    args: z.strictObject({}),
    result: z.strictObject({ crons: z.array(z.strictObject({ part: PartId, ...CronReport.shape })) }),
  },
  'cron.output': {
    args: z.strictObject({ id: PartId, site: DomainId }),
    result: z.strictObject({ output: z.string() }),
  },
  /** Starts it once, whoever asks how often, and waits for its end. */
  'run.start': { args: RunStart, result: RunResult },
  'run.stop': { args: PartRemoval, result: z.strictObject({}) },
  /** Nothing of it is known any more, its output neither. */
  'run.forget': { args: PartRemoval, result: z.strictObject({}) },
  'queue.put': { args: QueuePut, result: z.strictObject({}) },
  'queue.restart': { args: PartRemoval, result: z.strictObject({}) },
  'queue.remove': { args: PartRemoval, result: z.strictObject({}) },
  /** How all programs of sites fare. */
  'programs.look': { args: z.strictObject({}), result: z.strictObject({ programs: z.array(ProgramReport) }) },
  'program.output': { args: PartPlace, result: z.strictObject({ output: ProgramOutput }) },
  /** Notes that it is not to be removed, which root alone can take back. */
  'database.protect': { args: z.strictObject({ id: DatabaseId }), result: z.strictObject({}) },
  /** What is made in it from now on has this character set; where the door cannot say so. */
  'database.collate': {
    args: z
      .strictObject({ id: DatabaseId, charset: Charset, collation: Collation })
      .refine(({ charset, collation }) => charsetOf(collation) === charset),
    result: z.strictObject({}),
  },
  'database.remove': {
    args: z.strictObject({ id: DatabaseId }),
    /** Null where nothing of it is kept: it never came about, or was purged. */
    result: z.strictObject({ purgeAfter: z.iso.datetime().nullable() }),
  },
  /** With its accounts, their passwords and their rights, all of them as they were. */
  'database.restore': { args: z.strictObject({ id: DatabaseId }), result: z.strictObject({}) },
  'database.purge': { args: z.strictObject({ id: DatabaseId }), result: z.strictObject({}) },
  /** Its accounts let in or locked, as its tenant is by root's own record. */
  'database.align': { args: z.strictObject({ id: DatabaseId }), result: z.strictObject({}) },
  /** As far as root knows it; its accounts and grants are the door's. */
  'database.drift': {
    args: z.strictObject({ id: DatabaseId }),
    result: z.strictObject({ differences: Differences }),
  },
  'tenant.drift': {
    args: z.strictObject({ id: TenantId }),
    result: z.strictObject({ differences: Differences }),
  },
  'tenant.put': { args: TenantSpec, result: TenantStanding },
  /** Refused while a site or a database of it stands. */
  'tenant.remove': {
    args: z.strictObject({ id: TenantId, generation: Generation }),
    /** Null where nothing of it is kept: it never came about, or was purged. */
    result: z.strictObject({ purgeAfter: z.iso.datetime().nullable() }),
  },
  'tenant.restore': { args: TenantSpec, result: TenantStanding },
  /** Refused where it takes all of the disk that it may, by what root has measured. */
  'tenant.room': { args: z.strictObject({ id: TenantId }), result: z.strictObject({}) },
  'tenant.purge': { args: z.strictObject({ id: TenantId }), result: z.strictObject({}) },
  /**
   * Whether the distribution is replacing packages. `idle`: because it was, nothing is under way any more, and nothing is
   * begun; its hook waits for that.
   */
  'updates.meet': {
    args: z.strictObject({ idle: z.boolean() }),
    result: z.strictObject({ underWay: z.boolean() }),
  },
  /** Who still runs what an update has replaced: sites by their PHP, and processes of the agent's own. */
  'updates.look': {
    args: z.strictObject({}),
    result: z.strictObject({ sites: z.array(DomainId), services: z.array(z.string().max(64)) }),
  },
  /** Those of the agent's own start anew, the executor among them. */
  'updates.restart': { args: z.strictObject({}), result: z.strictObject({}) },
  /** What was replaced since it was told last, once nothing is under way any more. */
  'updates.report': { args: z.strictObject({}), result: z.strictObject({ report: UpdateReport.nullable() }) },
  /** What waits, how it went last, and whether the server has to be started anew. */
  'updates.status': { args: z.strictObject({}), result: UpdatesStatus },
  /**
   * Has the distribution read its archives and install what is a security update, and waits for its end: once for each id,
   * whoever asks how often. Refused where that did not end well, which then stands in `updates.status`.
   */
  'updates.install': {
    args: z.strictObject({ id: ServerRequestId }),
    result: z.strictObject({ run: UpdateRun }),
  },
  'updates.told': { args: z.strictObject({ upTo: z.int().min(0) }), result: z.strictObject({}) },
  /** Its PHP starts anew, and nobody who visits it waits for that. */
  'site.renew': { args: z.strictObject({ id: DomainId }), result: z.strictObject({}) },
  /** Whom fail2ban keeps off, in the jails of the agent's. */
  'bans.look': { args: z.strictObject({}), result: BanReport },
  /** Keeps an address off, and is refused where that is the panel's, this server's, or an administrator's. */
  'ban.put': {
    args: z.strictObject({ id: ServerRequestId, address: SpeltBanAddress, jails: BanJails }),
    result: z.strictObject({}),
  },
  'ban.remove': {
    args: z.strictObject({ id: ServerRequestId, address: SpeltBanAddress, jails: BanJails }),
    result: z.strictObject({}),
  },
  /** The agent's own state; none is made where root has one of this hour or of a few before. */
  'state.dump': { args: z.strictObject({}), result: StateDumped },
  /** How far the state's audit is sealed, for root to keep. Refused where that goes back. */
  'audit.head': { args: AuditHead, result: z.strictObject({}) },
  /** What root's side has noted behind a line; `last` is as far as it was looked. */
  'audit.lines': {
    args: z.strictObject({ after: z.int().min(0) }),
    result: z.strictObject({ lines: z.array(RootLine), last: z.int().min(0) }),
  },
} as const;

export type Verb = keyof typeof VERBS;
export const Verb = z.enum(Object.keys(VERBS) as [Verb, ...Verb[]]);
export type VerbArgs<V extends Verb> = z.infer<(typeof VERBS)[V]['args']>;
export type VerbResult<V extends Verb> = z.infer<(typeof VERBS)[V]['result']>;

/** `request` pairs answers with requests: several may be under way on one connection. */
export const RequestId = z.string().regex(/^[a-z0-9]{1,32}$/);

/** In the place of a verb's result where it was to be told what would be changed. */
export const PlanResult = z.strictObject({ differences: Differences });
export type PlanResult = z.infer<typeof PlanResult>;

/** The envelope; `args` is parsed by the verb's own schema afterwards. */
export const ExecutorRequest = z.strictObject({
  request: RequestId,
  operation: OperationId.nullable(),
  /** Which claim of the operation it is for: what comes of an older one than the last is not done any more. */
  epoch: z.int().min(1).max(4_294_967_295).optional(),
  verb: Verb,
  args: z.unknown(),
  /** Nothing is changed, and told what would be. */
  plan: z.literal(true).optional(),
});
export type ExecutorRequest = z.infer<typeof ExecutorRequest>;

/** A request is answered by any number of `step` lines and then one `result` or one `error` line. */
export const ExecutorAnswer = z.union([
  z.strictObject({ request: RequestId, step: OperationStep }),
  z.strictObject({ request: RequestId, result: z.unknown() }),
  z.strictObject({ request: RequestId.nullable(), error: Failure }),
]);
export type ExecutorAnswer = z.infer<typeof ExecutorAnswer>;
