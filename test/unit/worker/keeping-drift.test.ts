import { DomainId, TenantId } from '../../../contract/ids.ts';
import { FailureError } from '../../../contract/failures.ts';
import {
  keepDriftOfSite,
  keepDriftOfTenant,
  type KeepingParts,
} from '../../../worker-privileged/keeping-drift.ts';
import type { Task } from '../../../worker-privileged/task.ts';

/* What somebody did by hand is looked for before it is overwritten, and kept. */

const SITE = DomainId.parse('site12345678');
const TENANT = TenantId.parse('tenant123456');
const FOUND = { step: 'configure PHP', words: 'it is another', files: [] };

type Answer = (verb: string, id: string) => readonly object[] | FailureError;

function world(answer: Answer, standing: readonly object[] = []) {
  const kept: unknown[] = [];
  const asked: string[] = [];
  const logged: object[] = [];
  const sql = {
    rows: (_: unknown, text: string) => Promise.resolve(text.includes('LIMIT 1000') ? standing : []),
    run: (text: string, values: readonly unknown[]) => {
      if (text.includes('INTO drift_kept')) kept.push([values[0], JSON.parse(String(values[2]))]);
      return Promise.resolve(1);
    },
    transaction: (work: (inside: unknown) => unknown) => work(sql),
  };
  const call = (verb: string, { id }: { id: string }) => {
    asked.push(`${verb} ${id}`);
    const answered = answer(verb, id);
    return answered instanceof FailureError
      ? Promise.reject(answered)
      : Promise.resolve({ differences: answered, probes: [] });
  };
  const logger = { warn: (facts: object) => logged.push(facts) };
  const parts = { state: sql, executor: { call }, logger } as unknown as KeepingParts;
  return { kept, asked, logged, parts };
}

function task(resourceType: string, attempt = 1, before: string | null = 'live'): Task {
  const ids = { id: 'o2345678901234567890', resourceId: SITE, resourceName: 'shop.example', epoch: attempt };
  return {
    operation: { ...ids, resourceType, attempt, before, tenant: TENANT, server: 'default', generation: 2 },
  } as unknown as Task;
}

const away = new FailureError('executor_unavailable', 'It is away.', 'Wait.');
const broken = new FailureError('internal', 'It is broken.', 'Look.');

test('what is found is kept, and what never stood is not looked at', async () => {
  const { parts, kept, asked } = world(() => [FOUND]);
  await keepDriftOfSite(parts, task('domain', 1, null), SITE);
  expect(asked).toEqual([]);
  await keepDriftOfSite(parts, task('domain'), SITE);
  expect(kept).toEqual([[SITE, [FOUND]]]);
});

test('a look that fails is told once, and the change goes on; where root is away it is tried again', async () => {
  const { parts, kept, logged } = world(() => broken);
  await keepDriftOfSite(parts, task('domain'), SITE);
  expect([kept, logged]).toEqual([
    [],
    [{ operationId: 'o2345678901234567890', code: 'internal', why: 'It is broken.' }],
  ]);
  await expect(keepDriftOfSite(world(() => away).parts, task('domain'), SITE)).rejects.toBe(away);
});

test('a later attempt does not look: what broke off half-way would be taken for somebody’s', async () => {
  const { parts, kept, asked } = world(() => [FOUND]);
  await keepDriftOfSite(parts, task('domain', 2), SITE);
  expect([kept, asked]).toEqual([[], []]);
});

test('before a tenant’s own change all that it has is looked at, and kept with the name of what it is of', async () => {
  const one = (type: string, id: string, name: string) => ({ type, id, name });
  const standing = [
    one('tenant', TENANT, 'panel'),
    ...['site0000000a', 'site0000000b'].map((id) => one('domain', id, `${id}.example`)),
    one('database', 'database0001', 'shop'),
  ];
  const differs = (verb: string, id: string) =>
    id === 'site0000000a' ? broken : verb === 'tenant.drift' ? [] : [FOUND];
  const { parts, kept, asked, logged } = world(differs, [...standing]);
  await keepDriftOfTenant(parts, task('tenant'), TENANT);
  expect(asked.sort()).toEqual(
    [
      ...['site.drift site0000000a', 'site.drift site0000000b'],
      ...['database.drift database0001', `tenant.drift ${TENANT}`],
    ].sort(),
  );
  expect(kept).toEqual([
    [
      TENANT,
      expect.arrayContaining([
        { ...FOUND, words: 'site0000000b.example: it is another' },
        { ...FOUND, words: 'shop: it is another' },
      ]),
    ],
  ]);
  expect(logged).toHaveLength(1);
});
