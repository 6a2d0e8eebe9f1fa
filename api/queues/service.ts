import type { ServerId, TenantId } from '../../contract/ids.ts';
import { ProgramOutput, ProgramReport, worstOf } from '../../contract/queues.ts';
import type { QueueSpec } from '../../contract/queues.ts';
import type { Queue, QueueOutput } from '../../contract/site-parts.ts';
import type { Sql, State } from '../../state/connection.ts';
import { readPartOutput, readPartReports } from '../../state/part-reports.ts';
import type { PartReport } from '../../state/part-reports.ts';
import { holdPublicPort } from '../../state/public-ports.ts';
import type { PartVersion } from '../../state/site-parts.ts';
import { nameTaken } from '../problems.ts';
import { createPartService } from '../site-parts/service.ts';
import type { PartAddress, PartService, PartView } from '../site-parts/service.ts';
import type { Write } from '../writer.ts';

export interface QueueServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

/** Programs that are kept running as their site's user. */
export interface QueueService extends PartService<'queue'> {
  readonly output: (tenant: TenantId, address: PartAddress) => Promise<QueueOutput>;
}

export function createQueueService(parts: QueueServiceParts): QueueService {
  const { state } = parts;
  const service = createPartService({
    ...parts,
    type: 'queue',
    kinds: { create: 'queue.create', delete: 'queue.delete' },
    hold: holdPort,
    present,
  });
  return {
    ...service,
    output: async (tenant, address) => {
      const { id } = (await service.read(tenant, address)) as Queue;
      const seen = await readPartOutput(state, id);
      const output = ProgramOutput.safeParse(seen?.output).data ?? [];
      return { output, observedAt: seen?.outputAt ?? null };
    },
  };
}

/** A number is one program's on its server, whoever asks first. */
async function holdPort(
  sql: Sql,
  { server, id: part, domain }: PartVersion,
  { publicPort }: QueueSpec,
): Promise<void> {
  if (publicPort === null) return;
  const { port } = publicPort;
  if ((await holdPublicPort(sql, { server, port, part, domain })) === undefined) return;
  throw nameTaken({
    field: 'publicPort.port',
    message: `Another program of this server has the port ${port}.`,
    expected: 'a port that no other program has',
  });
}

/** What was asked for, and what was last seen of it. */
async function present(sql: Sql, queues: readonly PartView<'queue'>[]): Promise<Queue[]> {
  const seen = await readPartReports(
    sql,
    queues.map(({ id }) => id),
  );
  return queues.map((queue) => withReport(queue, seen.get(queue.id)));
}

function withReport(queue: PartView<'queue'>, seen: PartReport | undefined): Queue {
  const processStates = ProgramReport.safeParse(seen?.report).data?.processes ?? [];
  const state = worstOf(processStates);
  const unwell = processStates.find((one) => one.state === state && ['failed', 'failing'].includes(state));
  const output = ProgramOutput.safeParse(seen?.output).data ?? [];
  const said = output.find(({ number }) => number === unwell?.number)?.lines ?? [];
  return { ...queue, state, processStates, lastWords: said.slice(-10), observedAt: seen?.observedAt ?? null };
}
