import { FoundPlan, WantedPlan } from '../../contract/changes.ts';
import type { PlannedChange, PlannableKind, WouldBe } from '../../contract/changes.ts';
import { MOST_DIFFERENCES, MOST_OF_ALL } from '../../contract/drift.ts';
import { putFoundPlan, readWantedPlan } from '../../state/planned-changes.ts';
import { ownerOf, typeOf } from '../../state/would-be.ts';
import { DATABASE_PLANNERS } from '../planners/database.ts';
import type { Planned, Planner, PlanParts } from '../planners/planner.ts';
import { SITE_PLANNERS } from '../planners/site.ts';
import { TENANT_PLANNERS } from '../planners/tenant.ts';
import { contextOf, doStep, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export type { PlanParts } from '../planners/planner.ts';

/** The closed table: what may be planned and has no planner does not compile. */
const PLANNERS: Readonly<Record<PlannableKind, Planner>> = {
  ...SITE_PLANNERS,
  ...DATABASE_PLANNERS,
  ...TENANT_PLANNERS,
};

/** What was asked for as a plan is looked at, and what was found is written beside it. Nothing else is done. */
export function createPlanHandlers(parts: PlanParts): Readonly<Record<'change.plan', Handler>> {
  return {
    'change.plan': {
      apply: async (task) => {
        const wanted = parsed(WantedPlan, await readWantedPlan(parts.state, task.operation.resourceId));
        const changes: PlannedChange[] = [];
        for (const one of wanted.changes)
          await doStep(task, `look what ${one.kind} ${one.resource.name} would do`, async () => {
            await requireOwn(parts, task, { one, main: wanted.changes[0] ?? one });
            changes.push(await find(parts, { one, all: wanted.changes, context: contextOf(task) }));
            return false;
          });
        task.stillMine();
        const found = FoundPlan.parse({ changes: withinBounds(changes), left: wanted.left });
        await putFoundPlan(parts.state, task.operation.resourceId, found);
        return 'as-before';
      },
    },
  };
}

async function find(parts: PlanParts, planned: Planned): Promise<PlannedChange> {
  const { kind, resource } = planned.one;
  const differences = (await PLANNERS[kind](parts, planned)).slice(0, MOST_DIFFERENCES);
  return { kind, resource: { type: typeOf(planned.one), ...resource }, differences };
}

/** It is the operation's own tenant's, or that of the tenant which is deleted or restored with all it has. */
async function requireOwn(
  { state }: Pick<PlanParts, 'state'>,
  { operation }: Task,
  { one, main }: { readonly one: WouldBe; readonly main: WouldBe },
): Promise<void> {
  const owns = main.kind.startsWith('tenant.') ? [operation.tenant, main.resource.id] : [operation.tenant];
  if (one.server !== operation.server || main.tenant !== operation.tenant || !owns.includes(one.tenant))
    throw refused('it is not of this tenant on this server');
  const owner = await ownerOf(state, typeOf(one), one.resource.id);
  if (owner === undefined) {
    if (!one.kind.endsWith('.create')) throw refused('there is no such resource');
    return;
  }
  if (owner.tenant !== one.tenant || owner.server !== one.server)
    throw refused('the resource is not of this tenant on this server');
}

/** Files beyond the bound are named without their text. */
function withinBounds(changes: readonly PlannedChange[]): PlannedChange[] {
  let room = MOST_OF_ALL;
  return changes.map((change) => {
    const length = JSON.stringify(change).length;
    room -= length;
    if (room >= 0) return change;
    const differences = change.differences.map((one) => ({
      ...one,
      files: one.files.map((file) => ({ ...file, diff: null })),
    }));
    return { ...change, differences };
  });
}
