import { acme } from './acme.ts';
import { audit } from './audit.ts';
import { caches } from './caches.ts';
import { certificates } from './certificates.ts';
import { clock } from './clock.ts';
import { code } from './code.ts';
import { disk } from './disk.ts';
import { files } from './files.ts';
import type { Check } from './finding.ts';
import { firewall } from './firewall.ts';
import { jobs } from './jobs.ts';
import { kernel } from './kernel.ts';
import { listeners } from './listeners.ts';
import { mail } from './mail.ts';
import { mariadb } from './mariadb.ts';
import { nginx } from './nginx.ts';
import { php } from './php.ts';
import { processes } from './processes.ts';
import { programs } from './programs.ts';
import { publicPorts } from './public-ports.ts';
import { quotas } from './quotas.ts';
import { records } from './records.ts';
import { redis } from './redis.ts';
import { sftp } from './sftp.ts';
import { shares } from './shares.ts';
import { sites } from './sites.ts';
import { sockets } from './sockets.ts';
import { sudoers } from './sudoers.ts';
import { stateDumps } from './state-dumps.ts';
import { tenants } from './tenants.ts';
import { tokens } from './tokens.ts';
import { units } from './units.ts';
import { updates } from './updates.ts';
import { users } from './users.ts';
import { versions } from './versions.ts';
import { withoutSystemd } from './without-systemd.ts';

/** The closed list of checks, in the order in which they are shown. */
export const CHECKS = {
  kernel,
  users,
  sudoers,
  code,
  versions,
  files,
  records,
  audit,
  jobs,
  tenants,
  sites,
  shares,
  php,
  programs,
  sftp,
  mail,
  sockets,
  processes,
  units,
  listeners,
  firewall,
  'public ports': publicPorts,
  nginx,
  redis,
  caches,
  mariadb,
  tokens,
  certificates,
  acme,
  clock,
  disk,
  'state dumps': stateDumps,
  quotas,
  updates,
  'without systemd': withoutSystemd,
} as const satisfies Readonly<Record<string, Check>>;
