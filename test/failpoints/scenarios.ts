import type { Scenario } from './scenario.ts';
import { OF_DATABASES } from './scenarios/databases.ts';
import { OF_DOMAINS } from './scenarios/domains.ts';
import { OF_DRIFT } from './scenarios/drift.ts';
import { OF_PARTS } from './scenarios/parts.ts';
import { OF_PLANS } from './scenarios/plans.ts';
import { OF_PROGRAMS } from './scenarios/programs.ts';
import { OF_THE_SERVER } from './scenarios/server.ts';
import { OF_TENANTS } from './scenarios/tenants.ts';

/** One operation of each kind at least. */
export const SCENARIOS: readonly Scenario[] = [
  ...OF_DOMAINS,
  ...OF_DATABASES,
  ...OF_DRIFT,
  ...OF_PARTS,
  ...OF_PLANS,
  ...OF_PROGRAMS,
  ...OF_THE_SERVER,
  ...OF_TENANTS,
];
