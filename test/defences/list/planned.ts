import type { Defence } from '../defence.ts';

const API = 'test/integration/api/plans.test.ts';
const WORKER = 'test/integration/worker/plans.test.ts';

/** What is told beforehand, and not done. */
export const PLANNED: readonly Defence[] = [
  {
    name: 'a plan that is undone',
    against: 'a plan that does what it tells',
    change: { file: 'api/planner.ts', from: 'throw new UndoneError();', to: '' },
    noticed: { file: API, test: 'a plan of domain.create is accepted, and writes nothing but itself' },
  },
  {
    name: 'no plan past the writer',
    against: 'a write that is done where only its plan was asked for',
    change: {
      file: 'api/write-once.ts',
      from: 'if (purpose.context.plan) throw noPlan(purpose.action);',
      to: '',
    },
    noticed: {
      file: API,
      test: 'POST /tokens cannot be planned, which is said before anything is written',
    },
  },
  {
    name: 'whose a plan is',
    against: 'a taken API that has the site of one tenant planned as of another',
    change: {
      file: 'worker-privileged/handlers/plan.ts',
      from: 'if (owner.tenant !== one.tenant || owner.server !== one.server)',
      to: 'if (owner.server !== one.server)',
    },
    noticed: {
      file: WORKER,
      test: 'a plan of a site of another tenant is refused, whatever tenant it says it is of',
    },
  },
  {
    name: 'under what a plan waits',
    against: 'a taken API whose plans keep the site of another tenant waiting',
    change: {
      file: 'state/serial-keys.ts',
      from: 'return changes[0] === undefined ? undefined : keyOfWouldBe(changes[0]);',
      to: "return (await sql.rows(z.object({ key: z.string() }), 'SELECT serial_key AS `key` FROM planned_change WHERE change_id = ?', [id]))[0]?.key;",
    },
    noticed: {
      file: WORKER,
      test: 'a plan that waits under the site of somebody else is not begun, and keeps nobody waiting',
    },
  },
  {
    name: 'the former text of a file in a plan',
    against: 'a tenant who reads in a plan what root has written into a file',
    change: {
      file: 'api/operations/service.ts',
      from: "if (role === 'administrator') return found;",
      to: "if (role !== 'nobody') return found;",
    },
    noticed: {
      file: API,
      test: 'what a plan found is shown at its address, and what stands in a file on the server to administrators alone',
    },
  },
];
