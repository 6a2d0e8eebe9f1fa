import type { OperationId, TenantId } from '../../contract/ids.ts';
import { ENDED } from '../../contract/operations.ts';
import type { FoundPlan, ShownOperation } from '../../contract/changes.ts';
import type { FileDifference } from '../../contract/drift.ts';
import type { Operation } from '../../contract/operations.ts';
import type { Sql, State } from '../../state/connection.ts';
import { findOperation, insertCancellation, listOperations } from '../../state/operations.ts';
import type { OperationFilter, OperationRecord } from '../../state/operations.ts';
import { readFoundPlan } from '../../state/planned-changes.ts';
import type { Caller } from '../caller.ts';
import { toPage } from '../paging.ts';
import type { Page } from '../paging.ts';
import { notFound, ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';

/** What can be asked for about operations. All throw ProblemErrors. */
export interface OperationService {
  readonly list: (tenant: TenantId, filter: OperationFilter) => Promise<Page<Operation>>;
  readonly read: (tenant: TenantId, id: OperationId) => Promise<Operation>;
  /** With what a plan has found. */
  readonly show: (caller: Caller, id: OperationId) => Promise<ShownOperation>;
  /** Writes the wish down; the worker grants it if the operation has not begun by then. */
  readonly cancel: (context: WriteContext, id: OperationId) => Promise<WriteAnswer>;
}

export interface OperationServiceParts {
  readonly state: State;
  readonly write: Write;
}

export function createOperationService({ state, write }: OperationServiceParts): OperationService {
  return {
    list: async (tenant, filter) => {
      const found = await listOperations(state, tenant, { ...filter, limit: filter.limit + 1 });
      const { items, next } = toPage(found, filter.limit, ({ seq }) => String(seq));
      return { items: items.map(({ operation }) => operation), next };
    },
    read: async (tenant, id) => (await find(state, tenant, id)).operation,
    show: async (caller, id) => {
      const { operation } = await find(state, caller.tenant, id);
      if (operation.kind !== 'change.plan') return operation;
      const found = await readFoundPlan(state, operation.resource.id);
      return { ...operation, plan: found === null ? null : shownTo(caller, found) };
    },
    cancel: (context, id) =>
      write(context, 'operation.cancel', async (sql) => {
        const { operation } = await find(sql, context.caller.tenant, id);
        if (ENDED.has(operation.status))
          throw new ProblemError('conflict', `This operation has ended: it is ${operation.status}.`);
        if (operation.status === 'running' || operation.attempt > 0)
          throw new ProblemError(
            'conflict',
            'This operation has begun; only one that waits can be cancelled.',
          );
        await insertCancellation(sql, id, context.caller.tokenId);
        return { operation, body: { operation } };
      }),
  };
}

async function find(sql: Sql, tenant: TenantId, id: OperationId): Promise<OperationRecord> {
  const record = await findOperation(sql, tenant, id);
  if (record === undefined) throw notFound('operation with this id');
  return record;
}

/** A diff of a file that is there shows what somebody may have written into it, which is the administrators' to read. */
function shownTo({ role }: Caller, found: FoundPlan): FoundPlan {
  if (role === 'administrator') return found;
  const changes = found.changes.map(({ differences, ...change }) => ({
    ...change,
    differences: differences.map(({ files, ...one }) => ({ ...one, files: files.map(withoutFormerText) })),
  }));
  return { ...found, changes };
}

function withoutFormerText(file: FileDifference): FileDifference {
  return file.diff?.startsWith('--- /dev/null\n') === true ? file : { ...file, diff: null };
}
