import { z } from 'zod';

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
