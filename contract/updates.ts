import { z } from 'zod';
import { OperationId } from './ids.ts';

const PackageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]{0,119}$/);
const PackageVersion = z.string().regex(/^[A-Za-z0-9.+~:-]{1,120}$/);

/** A package that was replaced, made (`from` is null) or removed (`to` is); not `whole` where that was left half-way. */
export const ReplacedPackage = z.strictObject({
  name: PackageName,
  from: PackageVersion.nullable(),
  to: PackageVersion.nullable(),
  whole: z.boolean(),
});
export type ReplacedPackage = z.infer<typeof ReplacedPackage>;

/** What was replaced since that was told last, and what came of it. */
export const UpdateReport = z.strictObject({
  /** How far dpkg's log was read. */
  upTo: z.int().min(0),
  packages: z.array(ReplacedPackage).max(200),
  /** That are not among those. */
  more: z.int().min(0),
  /** What was started anew: of the agent's own, and how many sites' PHP. */
  services: z.array(z.string().max(64)).max(20),
  sites: z.int().min(0),
  /** For which packages the server should be started anew; null where it need not be. */
  reboot: z.array(PackageName).max(50).nullable(),
});
export type UpdateReport = z.infer<typeof UpdateReport>;

export const WaitingUpdate = z.strictObject({ name: PackageName, from: PackageVersion, to: PackageVersion });
export type WaitingUpdate = z.infer<typeof WaitingUpdate>;

/** What the archives have that is newer, as they were read last. */
export const PendingUpdates = z.strictObject({
  /** What installs itself next. */
  security: z.array(WaitingUpdate).max(200),
  /** That are not among those. */
  more: z.int().min(0),
  /** Security updates that do not: they want what is in no security archive, or somebody holds them. */
  heldBack: z.array(PackageName).max(200),
  /** All else, which waits for a person. */
  others: z.int().min(0),
  listsReadAt: z.iso.datetime(),
});
export type PendingUpdates = z.infer<typeof PendingUpdates>;

/** How it went when security updates were installed. `broken-off`: it was ended, or killed. */
export const UpdateRun = z.strictObject({
  beganAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  result: z.enum(['succeeded', 'failed', 'broken-off']),
  /** What unattended-upgrade has written down of it last, where it has. */
  why: z.string().max(300).nullable(),
  packages: z.array(ReplacedPackage).max(200),
  /** That are not among those. */
  more: z.int().min(0),
});
export type UpdateRun = z.infer<typeof UpdateRun>;

/** How a server stands with its updates; null where that is not known. */
export const UpdatesStatus = z.strictObject({
  pending: PendingUpdates.nullable(),
  last: UpdateRun.nullable(),
  /** For which packages the server should be started anew; null where it need not be. */
  reboot: z.array(PackageName).max(50).nullable(),
});
export type UpdatesStatus = z.infer<typeof UpdatesStatus>;

/** The same as the worker has seen it. */
export const SeenUpdates = UpdatesStatus.extend({ lookedAt: z.iso.datetime() });
export type SeenUpdates = z.infer<typeof SeenUpdates>;

/** And the operation that installs them now. */
export const ShownUpdates = SeenUpdates.extend({ installing: OperationId.nullable() });
export type ShownUpdates = z.infer<typeof ShownUpdates>;
