import type { Defence } from '../defence.ts';

const LIMITS = 'test/machine/plan-limits.test.ts';

/** What a plan says of each of a tenant's sites, and what one tenant or token may hold of what all share. */
export const PLANS: readonly Defence[] = [
  {
    name: 'memory by plan',
    against: 'a site of a small plan that takes as much memory as any other',
    change: {
      file: 'worker-privileged/executor/verbs/site/share.ts',
      from: 'memoryBytes: phpMemoryBytes === 1024 ** 3 ? null : phpMemoryBytes',
      to: 'memoryBytes: null',
    },
    noticed: {
      file: LIMITS,
      test: 'a site that takes more memory than its plan is ended in its slice, and its neighbour answers',
    },
  },
  {
    name: 'requests at once by plan',
    against: 'a site of a small plan that works on as many requests as any other',
    change: {
      file: 'worker-privileged/executor/render/fpm.ts',
      from: 'pm.max_children = ${plan.phpProcesses}',
      to: 'pm.max_children = 20',
    },
    noticed: {
      file: LIMITS,
      test: 'a site works on as many requests at once as its plan says, from a change on',
    },
  },
  {
    name: 'a fair part of the lanes',
    against: 'a tenant whose removals do not end, who keeps everybody waiting',
    change: {
      file: 'worker-privileged/lanes.ts',
      from: 'inUse.slow < SLOW && line.slow < SLOW_OF_TENANT',
      to: 'true',
    },
    noticed: {
      file: 'test/unit/worker/lanes.test.ts',
      test: 'one tenant alone leaves lanes free, and its slow work most of them',
    },
  },
  {
    name: 'streams end with their token',
    against: 'a token that was revoked and sees on',
    change: { file: 'api/operations/follow.ts', from: 'active || stream.end()', to: 'active' },
    noticed: {
      file: 'test/unit/api/follow.test.ts',
      test: 'while time passes a stream ends with its token, and not because the database is away',
    },
  },
];
