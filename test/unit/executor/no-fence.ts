import type { Fence } from '../../../worker-privileged/executor/server/fence.ts';

/** Of a server on which no operation was ever claimed twice. */
export const NO_FENCE: Fence = { note: () => Promise.resolve(), require: () => Promise.resolve() };
