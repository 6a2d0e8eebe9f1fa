import type { TenantId } from '../../../contract/ids.ts';
import { FailureError } from '../../../contract/failures.ts';
import { NO_LIMITS } from '../../../contract/tenants.ts';
import { createTenantHandlers, type TenantParts } from '../../../worker-privileged/handlers/tenant.ts';
import type { Task } from '../../../worker-privileged/task.ts';

/* A tenant is suspended or resumed with all that it has, whatever is wrong with some of it. */

const TENANT = 'tenant123456' as TenantId;
const SITES = Array.from({ length: 12 }, (_, index) => `site${String(index).padStart(8, '0')}`);

function world(broken: readonly string[], busy = '') {
  const aligned: string[] = [];
  const version = { server: 'here', plan: NO_LIMITS, suspended: true, deleted: false };
  const parts = {
    state: { rows: () => Promise.resolve([version]) },
    executor: {
      call: (verb: string, { id }: { id: string }) => {
        if (verb === 'tenant.put') return Promise.resolve({ sites: SITES, databases: ['database1234'] });
        aligned.push(id);
        return Promise.resolve({ probes: [{ host: id }] });
      },
    },
    askPage: ({ host }: { host: string }) =>
      host === busy
        ? Promise.reject(new FailureError('executor_unavailable', `${host} is busy.`, 'Wait.'))
        : broken.includes(host)
          ? Promise.reject(new FailureError('not_live', `${host} does not answer.`, 'Look.'))
          : Promise.resolve(),
  } as unknown as TenantParts;
  const steps: string[] = [];
  const task = {
    operation: { id: 'operation', resourceId: TENANT, generation: 2, server: 'here', before: null },
    step: ({ name, status }: { name: string; status: string }) => steps.push(`${name}: ${status}`),
    stillMine: () => undefined,
  } as unknown as Task;
  return { aligned, steps, suspend: () => createTenantHandlers(parts)['tenant.suspend'].apply(task) };
}

test('sites that do not answer keep no other from being suspended, and the operation says so', async () => {
  const broken = SITES.slice(0, 6);
  const { aligned, steps, suspend } = world(broken);
  await expect(suspend()).rejects.toMatchObject({ failure: { code: 'not_live' } });
  expect(aligned.sort()).toEqual([...SITES, 'database1234'].sort());
  expect(steps.filter((step) => step.endsWith(': failed'))).toHaveLength(6);
});

test('where one of them may be well a while later, all is tried again', async () => {
  await expect(world(SITES.slice(0, 6), SITES[9]).suspend()).rejects.toMatchObject({
    failure: { code: 'executor_unavailable' },
  });
});

test('where all of it answers, it is suspended', async () => {
  expect(await world([]).suspend()).toBe('live');
});
