import type { Defence } from './defence.ts';
import { CACHES_DEFENCES } from './list/caches.ts';
import { EDGE } from './list/edge.ts';
import { EXECUTOR } from './list/executor.ts';
import { PLANS } from './list/plans.ts';
import { SERVER } from './list/server.ts';
import { STATE } from './list/state.ts';

/** Every defence that has a name; `scripts/defences.sh` takes each away and looks who notices. */
export const DEFENCES: readonly Defence[] = [
  ...EXECUTOR,
  ...STATE,
  ...CACHES_DEFENCES,
  ...EDGE,
  ...PLANS,
  ...SERVER,
];
