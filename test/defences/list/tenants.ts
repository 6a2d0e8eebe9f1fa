import type { Defence } from '../defence.ts';

const MOVE = 'test/unit/executor/site-move.test.ts';
const ROOT = 'test/unit/executor/tenants.test.ts';

/** Between tenants, by root's own record of them. */
export const TENANTS: readonly Defence[] = [
  {
    name: 'a tenant that root knows',
    against: 'whoever has the API and makes sites for a tenant without a plan',
    change: {
      file: 'worker-privileged/executor/verbs/tenant/standing.ts',
      from: "if (entry === null && tenant === 'default') return null;",
      to: 'if (entry === null) return null;',
    },
    noticed: { file: ROOT, test: 'a site of a tenant that root does not know is not made' },
  },
  {
    name: 'a plan that root counts',
    against: 'whoever has the API and makes more for a tenant than it may have',
    change: {
      file: 'worker-privileged/executor/verbs/tenant/standing.ts',
      from: "if (others.length >= most) throw planLimit('sites', most);",
      to: 'if (others.length < most) return;',
    },
    noticed: { file: ROOT, test: 'the plan is counted by root: one more is refused, and leaves nothing' },
  },
  {
    name: 'no older version of a tenant',
    against: 'a replay that brings back a wider plan',
    change: {
      file: 'worker-privileged/executor/verbs/tenant.ts',
      from: 'if (entry !== null && generation < entry.generation) throw outdated();',
      to: 'if (entry !== null && generation < 0) throw outdated();',
    },
    noticed: { file: ROOT, test: 'an older version of a tenant is a replay' },
  },
  {
    name: 'a site keeps its tenant',
    against: 'a site that is taken over by another tenant',
    change: {
      file: 'worker-privileged/executor/verbs/site/registered.ts',
      from: 'if (entry.tenant !== spec.tenant) {',
      to: 'if (entry.tenant === undefined) {',
    },
    noticed: { file: ROOT, test: 'a site keeps its tenant for its life' },
  },
  {
    name: 'a plan that root counts at a move',
    against: 'whoever has the API and moves sites to a tenant that may have no more',
    change: {
      file: 'worker-privileged/executor/verbs/site-move.ts',
      from: '        await requireRoom(story);\n',
      to: '',
    },
    noticed: {
      file: MOVE,
      test: 'a move is refused and changes nothing where the plan has no room for one more site',
    },
  },
  {
    name: 'a suspension stays',
    against: 'a suspended site that is served again because it was moved',
    change: {
      file: 'worker-privileged/executor/verbs/site-move.ts',
      from: '        await refuseSuspended(system, [from, to]);\n',
      to: '',
    },
    noticed: {
      file: MOVE,
      test: 'a move is refused and changes nothing while the tenant tenantfrom12 is suspended',
    },
  },
  {
    name: 'a move is known to all executors',
    against: 'an executor that counts a site for the tenant that it was moved from',
    change: {
      file: 'worker-privileged/executor/system/registry.ts',
      from: '    if (moves !== movesSeen) owners.clear();\n',
      to: '',
    },
    noticed: {
      file: MOVE,
      test: 'an executor that has read whose it was learns from the disk that it was moved by another',
    },
  },
  {
    name: 'a move lets in',
    against: 'whoever has the API and gives all sites to a tenant of theirs within a minute',
    change: {
      file: 'worker-privileged/executor/verbs/site-move.ts',
      from: 'await system.caps.letIn(key, () =>',
      to: 'await Promise.resolve().then(() =>',
    },
    noticed: { file: MOVE, test: 'a move counts as what lets in' },
  },
];
