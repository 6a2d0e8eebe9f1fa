import type { Defence } from './defence.ts';
import { ACME_DEFENCES } from './list/acme.ts';
import { AUDIT } from './list/audit.ts';
import { BANS } from './list/bans.ts';
import { CACHES_DEFENCES } from './list/caches.ts';
import { CERTIFICATES } from './list/certificates.ts';
import { EDGE } from './list/edge.ts';
import { EXECUTOR } from './list/executor.ts';
import { MAIL } from './list/mail.ts';
import { OPTIONS } from './list/options.ts';
import { PLANNED } from './list/planned.ts';
import { PLANS } from './list/plans.ts';
import { PROGRAMS } from './list/programs.ts';
import { SERVER } from './list/server.ts';
import { STATE } from './list/state.ts';
import { TENANTS } from './list/tenants.ts';
import { TYPES } from './list/types.ts';
import { UPDATES } from './list/updates.ts';
import { WEBHOOKS_DEFENCES } from './list/webhooks.ts';

/** Every defence that has a name; `scripts/defences.sh` takes each away and looks who notices. */
export const DEFENCES: readonly Defence[] = [
  ...EXECUTOR,
  ...STATE,
  ...AUDIT,
  ...BANS,
  ...CACHES_DEFENCES,
  ...CERTIFICATES,
  ...EDGE,
  ...PLANNED,
  ...PLANS,
  ...OPTIONS,
  ...TENANTS,
  ...PROGRAMS,
  ...MAIL,
  ...ACME_DEFENCES,
  ...SERVER,
  ...TYPES,
  ...UPDATES,
  ...WEBHOOKS_DEFENCES,
];
