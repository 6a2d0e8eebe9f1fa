import { toFailure } from '../contract/failures.ts';
import type { VerbResult } from '../contract/executor.ts';
import { DomainId } from '../contract/ids.ts';
import type { PartId, ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import {
  findCronsOperation,
  listCronReports,
  putCronReport,
  removeCronReport,
  tellCronFailed,
} from '../state/cron-reports.ts';
import type { CronReportRow } from '../state/cron-reports.ts';
import { hasPartsOf } from '../state/site-parts.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface ObservingCronsParts {
  readonly server: ServerId;
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

type Seen = VerbResult<'crons.look'>['crons'][number];

/**
 * To be called every few seconds: looks how the sites' crons went and writes what has changed, with the end of what
 * they said, and the news that one has failed which did not before. Never throws.
 */
export function createObservingCrons(parts: ObservingCronsParts): () => Promise<void> {
  const { state, server, executor, isActive, logger } = parts;
  let known: Map<PartId, CronReportRow> | undefined;
  return async () => {
    if (!isActive()) return;
    try {
      known ??= new Map((await listCronReports(state, server)).map((row) => [row.part, row]));
      // Where no site has one, nothing is asked of root every few seconds.
      if (known.size === 0 && !(await hasPartsOf(state, 'cron'))) return;
      const { crons } = await executor.call('crons.look', {}, UNASKED);
      for (const cron of crons) await note(parts, known, cron);
      const there = new Set(crons.map(({ part }) => part));
      for (const part of [...known.keys()].filter((each) => !there.has(each))) {
        await removeCronReport(state, part);
        known.delete(part);
      }
    } catch (error) {
      known = undefined;
      // Where the executor is away, others say so.
      if (toFailure(error).code !== 'executor_unavailable')
        logger.warn({ err: error }, 'the crons of sites were not looked at');
    }
  };
}

async function note(
  { state, server, executor }: ObservingCronsParts,
  known: Map<PartId, CronReportRow>,
  { part, ...report }: Seen,
): Promise<void> {
  const before = known.get(part);
  if (before !== undefined && JSON.stringify(before.report) === JSON.stringify(report)) return;
  const operation = await findCronsOperation(state, server, part);
  if (operation === undefined) return;
  const place = { id: part, site: DomainId.parse(operation.domain) };
  const { output } = await executor.call('cron.output', place, UNASKED);
  const row = { part, report, output };
  await putCronReport(state, server, row);
  if (report.failures > 0 && (before?.report.failures ?? 0) === 0)
    await tellCronFailed(state, operation, row);
  known.set(part, row);
}
