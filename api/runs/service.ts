import type { DomainId, ServerId } from '../../contract/ids.ts';
import { ENDED } from '../../contract/operations.ts';
import type { OperationStatus } from '../../contract/operations.ts';
import type { RunStatus } from '../../contract/runs.ts';
import { Run } from '../../contract/site-parts.ts';
import type { Sql, State } from '../../state/connection.ts';
import { findOperation, insertCancellation } from '../../state/operations.ts';
import { countOpenRuns, readRuns } from '../../state/runs.ts';
import type { RunRow } from '../../state/runs.ts';
import { notFound, ProblemError } from '../problems.ts';
import { createPartService } from '../site-parts/service.ts';
import type { PartAddress, PartService, PartView } from '../site-parts/service.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';

export interface RunService extends Pick<PartService<'run'>, 'list' | 'read' | 'create'> {
  /** One that waits is never begun; one that runs is ended. */
  readonly stop: (context: WriteContext, address: PartAddress) => Promise<WriteAnswer>;
}

export interface RunServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

/** More than a site may have under way would only wait. */
const MOST_OPEN = 10;

/** Commands that run once, as a site. */
export function createRunService(parts: RunServiceParts): RunService {
  const { write } = parts;
  const runs = createPartService({
    ...parts,
    type: 'run',
    kinds: { create: 'run.create' },
    // A long one does not hold its domain up.
    serialKey: ({ id }) => `run:${id}`,
    admit: requireRoom,
    present,
  });
  return {
    ...runs,
    stop: (context, address) =>
      write(context, 'operation.cancel', async (sql) => {
        const { tenant } = context.caller;
        const run = Run.parse(await runs.read(tenant, address));
        const record = await findOperation(sql, tenant, run.operation);
        if (record === undefined) throw notFound('operation of this run');
        const { operation } = record;
        if (ENDED.has(operation.status)) throw new ProblemError('conflict', 'This command has ended.');
        await insertCancellation(sql, operation.id, context.caller.tokenId);
        return { operation, body: { operation, run } };
      }),
  };
}

async function requireRoom(sql: Sql, domain: DomainId): Promise<void> {
  if ((await countOpenRuns(sql, domain)) < MOST_OPEN) return;
  throw new ProblemError(
    'conflict',
    `This domain has ${MOST_OPEN} commands that have not ended, as many as may be. Wait for one, or stop it.`,
  );
}

async function present(sql: Sql, runs: readonly PartView<'run'>[]): Promise<readonly Run[]> {
  const rows = await readRuns(
    sql,
    runs.map(({ id }) => id),
  );
  return runs.flatMap((run) => {
    const row = rows.get(run.id);
    return row === undefined ? [] : [shown(run, row)];
  });
}

function shown(run: PartView<'run'>, { operation, status, result }: RunRow): Run {
  const { id, domain, tenant, server, createdAt } = run;
  const { command, workingDirectory, environment, timeoutSeconds } = run;
  return {
    ...{ id, domain, tenant, server, status: STATUS[status], operation },
    ...{ command, workingDirectory, environment, timeoutSeconds, createdAt, result },
  };
}

const STATUS: Readonly<Record<OperationStatus, RunStatus>> = {
  queued: 'queued',
  running: 'running',
  succeeded: 'ended',
  failed: 'failed',
  superseded: 'failed',
  cancelled: 'failed',
};
