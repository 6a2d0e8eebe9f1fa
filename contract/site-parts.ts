import { z } from 'zod';
import { CACHE_SOCKET, CacheMemory, CacheSpec, CacheUsage, DEFAULT_CACHE_MEMORY } from './caches.ts';
import { CertificateKind, CertificateSpec, ServedCertificate } from './certificates.ts';
import { CronReport, CronSpec } from './crons.ts';
import { ResourceStatus } from './domains.ts';
import { DomainId, Generation, OperationId, PartId, ServerId, TenantId } from './ids.ts';
import { RunResult, RunSpec, RunStatus } from './runs.ts';
import { ProcessState, ProgramOutput, ProgramProcess, QueueSettings, QueueSpec } from './queues.ts';
import { SshPublicKey } from './ssh-keys.ts';

/** A name for a person, unique among one site's parts of a type. */
export const PartName = z
  .string()
  .regex(/^[a-z](?:[a-z0-9-]{0,29}[a-z0-9])?$/, 'a letter, then up to 30 of a-z, 0-9 and -')
  .brand<'PartName'>();
export type PartName = z.infer<typeof PartName>;

/** A public key with which files come in by SFTP. */
export const KeySpec = z.strictObject({ publicKey: SshPublicKey });
export type KeySpec = z.infer<typeof KeySpec>;

/**
 * What a site may have beside its files, each a resource of its own that belongs to one domain for its life. The
 * spec is what a panel asks for and what the executor is given.
 */
export const PART_SPECS = {
  key: KeySpec,
  cache: CacheSpec,
  certificate: CertificateSpec,
  cron: CronSpec,
  run: RunSpec,
  queue: QueueSpec,
} as const;

export type PartType = keyof typeof PART_SPECS;
export const PartType = z.enum(Object.keys(PART_SPECS) as [PartType, ...PartType[]]);
export type PartSpec<T extends PartType = PartType> = z.infer<(typeof PART_SPECS)[T]>;

/** What the API shows of every part; its spec's fields stand beside these. Times are ISO 8601 in UTC. */
export const PartBase = z.strictObject({
  id: PartId,
  domain: DomainId,
  name: PartName,
  tenant: TenantId,
  server: ServerId,
  generation: Generation,
  status: ResourceStatus,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type PartBase = z.infer<typeof PartBase>;

export const CreateKey = z.strictObject({ name: PartName, ...KeySpec.shape });
export type CreateKey = z.infer<typeof CreateKey>;

/** `fingerprint` is SHA-256 in base64 without padding, as `ssh-keygen -l` prints it. */
export const Key = z.strictObject({ ...PartBase.shape, ...KeySpec.shape, fingerprint: z.string() });
export type Key = z.infer<typeof Key>;

/** A site has one cache or none, so that it needs no name of its own. */
export const CACHE_NAME = PartName.parse('cache');

export const CreateCache = z.strictObject({ memoryBytes: CacheMemory.default(DEFAULT_CACHE_MEMORY) });
export type CreateCache = z.infer<typeof CreateCache>;

export const UpdateCache = z.strictObject({ memoryBytes: CacheMemory });
export type UpdateCache = z.infer<typeof UpdateCache>;

/** How the site's own processes reach it, and what was last measured of it: null until it was. */
export const Cache = z.strictObject({
  ...PartBase.shape,
  memoryBytes: CacheMemory,
  socket: z.literal(CACHE_SOCKET),
  username: z.string(),
  prefix: z.string(),
  usage: z.strictObject({ ...CacheUsage.shape, observedAt: z.iso.datetime() }).nullable(),
});
export type Cache = z.infer<typeof Cache>;

/** A site has one or none, and it is called so. */
export const CERTIFICATE_NAME = PartName.parse('certificate');

/** `kind` is what was asked for, `served` what visitors are shown: null where that is nothing, or not known yet. */
export const Certificate = z.strictObject({
  ...PartBase.shape,
  kind: CertificateKind,
  served: ServedCertificate.nullable(),
  daysLeft: z.int().nullable(),
});
export type Certificate = z.infer<typeof Certificate>;

export const CreateCron = z.strictObject({ name: PartName, ...CronSpec.shape });
export type CreateCron = z.infer<typeof CreateCron>;

/** What is not there stays; without the defaults, which would take it back. */
export const UpdateCron = z
  .strictObject({
    schedule: CronSpec.shape.schedule,
    command: CronSpec.shape.command,
    workingDirectory: CronSpec.shape.workingDirectory.unwrap(),
    environment: CronSpec.shape.environment.unwrap(),
    overlap: CronSpec.shape.overlap.unwrap(),
    timeoutSeconds: CronSpec.shape.timeoutSeconds.unwrap(),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'at least one field to change');
export type UpdateCron = z.infer<typeof UpdateCron>;

/** `next` is in the order of time; `report` is null until the server has told of it. */
export const Cron = z.strictObject({
  ...PartBase.shape,
  ...CronSpec.shape,
  inWords: z.string(),
  timeZone: z.string(),
  next: z.array(z.iso.datetime()),
  report: CronReport.nullable(),
  /** The end of what it said, of all its runs. */
  output: z.string().nullable(),
});
export type Cron = z.infer<typeof Cron>;

/** A run has no name; what stands for it where parts have names is its id. */
export const Run = z.strictObject({
  id: PartId,
  domain: DomainId,
  tenant: TenantId,
  server: ServerId,
  status: RunStatus,
  operation: OperationId,
  ...RunSpec.shape,
  createdAt: z.iso.datetime(),
  result: RunResult.nullable(),
});
export type Run = z.infer<typeof Run>;
export const CreateQueue = z.strictObject({ name: PartName, ...QueueSettings.shape });
export type CreateQueue = z.infer<typeof CreateQueue>;

/**
 * `state` is that of the process that fares worst, `lastWords` what was said before it came to that; `observedAt` is
 * when it was seen, null while it was not yet.
 */
export const Queue = z.strictObject({
  ...PartBase.shape,
  ...QueueSpec.shape,
  state: ProcessState,
  processStates: z.array(ProgramProcess),
  lastWords: z.array(z.string()),
  observedAt: z.iso.datetime().nullable(),
});
export type Queue = z.infer<typeof Queue>;

/** The last lines of each of its processes, by number. */
export const QueueOutput = z.strictObject({ output: ProgramOutput, observedAt: z.iso.datetime().nullable() });
export type QueueOutput = z.infer<typeof QueueOutput>;

/** What the executor is told of a part's place. */
const place = { id: PartId, site: DomainId, generation: Generation };

export const KeyPut = z.strictObject({ ...place, name: PartName, spec: KeySpec });
export const CachePut = z.strictObject({ ...place, name: PartName, spec: CacheSpec });
export const CertificatePut = z.strictObject({ ...place, name: PartName, spec: CertificateSpec });
export const CronPut = z.strictObject({ ...place, name: PartName, spec: CronSpec });
export const RunStart = z.strictObject({ ...place, name: PartName, spec: RunSpec });
export const QueuePut = z.strictObject({ ...place, name: PartName, spec: QueueSpec });
export const PartPlace = z.strictObject({ id: PartId, site: DomainId });
export const PartRemoval = z.strictObject(place);
