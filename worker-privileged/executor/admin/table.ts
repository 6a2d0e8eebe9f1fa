import { acme } from './acme.ts';
import { administrator } from './administrator.ts';
import { audit } from './audit.ts';
import type { AdminCommand } from './command.ts';
import { database } from './database.ts';
import { doctor } from './doctor.ts';
import { firewall } from './firewall.ts';
import { limit } from './limit.ts';
import { mail } from './mail.ts';
import { purge } from './purge.ts';
import { site } from './site.ts';
import { system } from './system.ts';
import { unprotect } from './unprotect.ts';

/** The closed table of root's own commands; `systemd/sculptorctl` sends their words here. */
export const ADMIN_COMMANDS = {
  doctor,
  purge,
  unprotect,
  limit,
  administrator,
  database,
  mail,
  acme,
  audit,
  site,
  firewall,
  system,
} as const satisfies Readonly<Record<string, AdminCommand>>;
