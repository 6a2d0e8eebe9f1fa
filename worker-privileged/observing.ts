import { toFailure } from '../contract/failures.ts';
import type { PartId, ServerId } from '../contract/ids.ts';
import { worstOf } from '../contract/queues.ts';
import type { ProgramOutput, ProgramReport } from '../contract/queues.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import {
  confirmPartReports,
  listPartReports,
  putPartOutput,
  putPartReport,
  removePartReport,
} from '../state/part-reports.ts';
import { hasPartsOf, partsOfType, siteOfPart } from '../state/site-parts.ts';
import { tellProgramFailed } from '../state/telling-programs.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

export interface ObservingParts {
  readonly server: ServerId;
  readonly state: State;
  readonly executor: Pick<Executor, 'call'>;
  /** Whether this is the server's only worker. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

/** So many programs' words are read in one round; the others have their turn in the next. */
const MOST_OUTPUTS = 10;
const CONFIRM_SECONDS = 20;

/**
 * To be called every few seconds: looks how the sites' queues fare and writes what has changed, their last words, and
 * the news that one has failed. Never throws.
 */
export function createObserving(parts: ObservingParts): () => Promise<void> {
  const { isActive, logger, state, server } = parts;
  /** What stands in the table; read when this worker becomes the server's. */
  let known: Map<string, string> | undefined;
  /** What of each has been read, by its stamp. */
  const outputs = new Map<string, string>();
  return async () => {
    if (!isActive()) return;
    try {
      known ??= await readKnown(parts);
      // Where no site has one, nothing is asked of root every few seconds.
      if (known.size === 0 && !(await hasPartsOf(state, 'queue'))) return;
      const reports = await look(parts);
      for (const report of reports) {
        const text = JSON.stringify(report);
        if (known.get(report.part) === text) continue;
        await putPartReport(state, { server, type: 'queue' }, { part: report.part, report });
        known.set(report.part, text);
      }
      await forget(parts, known, reports);
      await confirmPartReports(state, { server, type: 'queue' }, CONFIRM_SECONDS);
      await readOutputs(parts, reports, outputs);
    } catch (error) {
      known = undefined;
      // Where the executor is away, others say so.
      if (toFailure(error).code !== 'executor_unavailable')
        logger.warn({ err: error }, 'the programs of sites were not looked at');
    }
  };
}

async function readKnown({ state, server }: ObservingParts): Promise<Map<string, string>> {
  const all = await listPartReports(state, { server, type: 'queue' });
  return new Map([...all].map(([part, report]) => [part, JSON.stringify(report)]));
}

/** What Supervisor runs beside queues is for others to report. */
async function look({ state, executor }: ObservingParts): Promise<readonly ProgramReport[]> {
  const { programs } = await executor.call('programs.look', {}, UNASKED);
  const queues = await partsOfType(
    state,
    'queue',
    programs.map(({ part }) => part),
  );
  return programs.filter(({ part }) => queues.has(part));
}

async function forget(
  { state }: ObservingParts,
  known: Map<string, string>,
  reports: readonly ProgramReport[],
): Promise<void> {
  const there = new Set<string>(reports.map(({ part }) => part));
  for (const part of [...known.keys()].filter((each) => !there.has(each))) {
    await removePartReport(state, part);
    known.delete(part);
  }
}

/** Of those that have said something since; what has failed comes first, and is told with its last words. */
async function readOutputs(
  parts: ObservingParts,
  reports: readonly ProgramReport[],
  outputs: Map<string, string>,
): Promise<void> {
  const news = reports.filter((report) => outputs.get(report.part) !== stampOf(report));
  // Who was never read comes first, and who was read last comes last: the map is kept in that order.
  const turns = new Map([...outputs.keys()].map((part, turn) => [part, turn]));
  const turnOf = (report: ProgramReport) => (isFailed(report) ? -2 : (turns.get(report.part) ?? -1));
  const inOrder = [...news].sort((a, b) => turnOf(a) - turnOf(b));
  for (const report of inOrder.slice(0, MOST_OUTPUTS)) {
    const output = await readOutput(parts, report.part);
    if (output !== undefined) {
      await putPartOutput(parts.state, report.part, output);
      if (isFailed(report)) await tellProgramFailed(parts.state, report, output);
    }
    // Whose turn it was goes to the end of the line, so that who says much keeps nobody waiting.
    outputs.delete(report.part);
    outputs.set(report.part, stampOf(report));
  }
}

async function readOutput(
  { state, executor }: ObservingParts,
  id: PartId,
): Promise<ProgramOutput | undefined> {
  const site = await siteOfPart(state, id);
  if (site === undefined) return undefined;
  try {
    return (await executor.call('program.output', { id, site }, UNASKED)).output;
  } catch (error) {
    if (toFailure(error).code === 'not_found') return undefined;
    throw error;
  }
}

function isFailed({ processes }: ProgramReport): boolean {
  return worstOf(processes) === 'failed';
}

/** A failure is told even where nothing more was said. */
function stampOf(report: ProgramReport): string {
  return `${report.output} ${isFailed(report)}`;
}
