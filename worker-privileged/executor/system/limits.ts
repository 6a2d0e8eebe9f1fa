import { z } from 'zod';
import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

/** What root may set; what is not there is as it says here. */
export const Limits = z.strictObject({
  /** How long what was removed is kept before it is purged. */
  graceHours: z.number().min(0).max(8760).default(72),
  /** How much may be removed, switched off or pointed elsewhere in an hour. */
  destroyPerHour: z.int().min(0).max(1_000_000).default(30),
  /** How many database users and passwords may be made in an hour, and how many keys, programs and visitors of sites. */
  letInPerHour: z.int().min(0).max(1_000_000).default(60),
  /** How many sites may be repaired in an hour, all that the daily look may find in one, and how often one of them. */
  repairsPerHour: z.int().min(0).max(1_000_000).default(1200),
  siteRepairsPerHour: z.int().min(0).max(1_000_000).default(6),
  /** How often security updates may be asked for in an hour, besides those that come by themselves. */
  upgradesPerHour: z.int().min(0).max(1_000_000).default(6),
  /** How many addresses may be banned in an hour because somebody asked for it, besides those that fail to log in. */
  bansPerHour: z.int().min(0).max(1_000_000).default(60),
  /** How much the caches of all sites together may be given. */
  cacheMebibytes: z.int().min(0).max(1_000_000).default(256),
  /**
   * How many certificates an authority is asked for: less than Let's Encrypt allows an account (300 orders in three
   * hours) and a name (five failures in an hour), with the quarter more that is kept for renewals that are due.
   */
  ordersPerHour: z.int().min(0).max(1_000_000).default(60),
  ordersPerWeek: z.int().min(0).max(1_000_000).default(2000),
  tenantOrdersPerHour: z.int().min(0).max(1_000_000).default(30),
  tenantOrdersPerWeek: z.int().min(0).max(1_000_000).default(1000),
  siteOrdersPerHour: z.int().min(0).max(1_000_000).default(4),
  siteOrdersPerWeek: z.int().min(0).max(1_000_000).default(20),
  /** How many connections one database user may have at once, whatever was asked for it. MariaDB takes none for no limit. */
  connectionsPerAccount: z.int().min(1).max(100_000).default(30),
});
export type Limits = z.infer<typeof Limits>;

/** Read at each use. A file that cannot be understood allows nothing, rather than what nobody has set. */
export async function readLimits(files: Pick<Files, 'read'>): Promise<Limits> {
  const text = await files.read(paths.limits);
  if (text === null) return Limits.parse({});
  try {
    return Limits.parse(JSON.parse(text));
  } catch (cause) {
    throw because(
      cause,
      new FailureError(
        'server_broken',
        `The file ${paths.limits} cannot be understood.`,
        'On the server, mend or remove it; sculptorctl limit list says what may stand in it.',
      ),
    );
  }
}
