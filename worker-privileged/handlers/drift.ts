import type { Difference } from '../../contract/drift.ts';
import { FailureError } from '../../contract/failures.ts';
import { DatabaseId, DomainId } from '../../contract/ids.ts';
import { putDrift } from '../../state/drift.ts';
import type { Looked } from '../../state/drift.ts';
import { tellDrift } from '../../state/telling-drift.ts';
import type { State } from '../../state/connection.ts';
import { lookForDrift, wrongAccounts } from '../looking-for-drift.ts';
import type { LookingParts } from '../looking-for-drift.ts';
import type { Executor } from '../executor-calls.ts';
import { keepFound } from '../keeping-drift.ts';
import { askAll } from '../probe.ts';
import { contextOf, doStep, parsed } from '../task.ts';
import type { Handler, Task } from '../task.ts';
import { readTenant } from './tenant.ts';

export interface DriftParts extends LookingParts {
  readonly state: State;
  readonly executor: Executor;
}

type Type = Looked['type'];
type DriftKinds = `${Type}.${'drift' | 'repair'}`;

export function createDriftHandlers(parts: DriftParts): Readonly<Record<DriftKinds, Handler>> {
  const look = (type: Type): Handler => ({ apply: (task) => check(parts, of(type, task), task) });
  const repair = (type: Type): Handler => ({ apply: (task) => repairNow(parts, of(type, task), task) });
  return {
    'domain.drift': look('domain'),
    'domain.repair': repair('domain'),
    'database.drift': look('database'),
    'database.repair': repair('database'),
    'tenant.drift': look('tenant'),
    'tenant.repair': repair('tenant'),
  };
}

function of(type: Type, { operation }: Task): Looked {
  const { resourceId: id, resourceName: name, tenant, server, generation } = operation;
  return { type, id, name, tenant, server, generation };
}

async function check(parts: DriftParts, looked: Looked, task: Task): Promise<'as-before'> {
  await lookNow(parts, looked, task);
  return 'as-before';
}

async function lookNow(parts: DriftParts, looked: Looked, task: Task): Promise<readonly Difference[]> {
  let found: readonly Difference[] = [];
  await doStep(task, 'look for what has drifted', async () => {
    found = await lookForDrift(parts, looked);
    task.stillMine();
    await noteDrift(parts.state, looked, found);
    return false;
  });
  return found;
}

/** What was found, and the news of it: both or neither. */
export async function noteDrift(
  state: State,
  looked: Looked,
  found: readonly Difference[],
): Promise<boolean> {
  return state.transaction(async (sql) => {
    const { isNew } = await putDrift(sql, looked, [...found]);
    if (isNew) await tellDrift(sql, looked, found);
    return isNew;
  });
}

/** What is overwritten is kept, and told, before it is. */
async function repairNow(parts: DriftParts, looked: Looked, task: Task): Promise<'as-before'> {
  const found = await lookNow(parts, looked, task);
  if (found.length === 0) return 'as-before';
  await keepFound(parts.state, { task, of: looked }, found);
  task.stillMine();
  await REPAIRS[looked.type](parts, looked, task);
  const left = await lookNow(parts, looked, task);
  if (left.length > 0) throw notRepaired(left);
  return 'as-before';
}

const REPAIRS: Readonly<Record<Type, (parts: DriftParts, of: Looked, task: Task) => Promise<void>>> = {
  domain: async ({ executor, askPage }, { id }, task) => {
    const wanted = { id: parsed(DomainId, id) };
    const { probes } = await executor.call('site.repair', wanted, contextOf(task));
    await askAll(askPage, task, probes);
  },
  database: async (parts, { id }, task) => {
    await parts.executor.call('database.align', { id: parsed(DatabaseId, id) }, contextOf(task));
    for (const { account, name } of await wrongAccounts(parts, { id }))
      await doStep(task, `let ${name} in as it was asked for`, async () => {
        await parts.door.heldBy(task.operation).putUser(account.id, account.databaseId, account.account);
        return true;
      });
  },
  tenant: async ({ state, executor }, _, task) => {
    await executor.call('tenant.put', await readTenant(state, task), contextOf(task));
  },
};

function notRepaired(left: readonly Difference[]): FailureError {
  const [first] = left;
  return new FailureError(
    'mismatch',
    `Of what had drifted, this is left: ${first?.step ?? ''}: ${first?.words ?? ''}`.slice(0, 490),
    'sculptorctl drift show tells all of it. What the agent cannot make anew has to be mended on the server.',
  );
}
