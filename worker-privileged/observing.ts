import { toFailure } from '../contract/failures.ts';
import type { PartId, ServerId } from '../contract/ids.ts';
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
import type { Executor } from './executor-calls.ts';
import type { ObservedKind, Seen } from './observed-kinds.ts';

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
 * To be called every few seconds: looks how the sites' programs of one type fare and writes what has changed, their
 * last words, and the news that one has failed which had not before. Never throws.
 */
export function createObserving<Report, Output>(
  parts: ObservingParts,
  kind: ObservedKind<Report, Output>,
): () => Promise<void> {
  const { isActive, logger, state, server } = parts;
  const { type } = kind;
  let known: Map<PartId, Report> | undefined;
  /** What of each has been read, by its stamp. */
  const outputs = new Map<PartId, string>();
  return async () => {
    // What stands in the table is read anew when this worker is the server's again.
    if (!isActive()) known = undefined;
    if (!isActive()) return;
    try {
      known ??= await readKnown(parts, kind);
      // Where no site has one, nothing is asked of root every few seconds.
      if (known.size === 0 && !(await hasPartsOf(state, type))) return;
      const all = await look(parts, kind);
      const round = { ...parts, kind, known, outputs };
      for (const seen of all) await note(round, seen);
      await forget(round, all);
      await confirmPartReports(state, { server, type }, CONFIRM_SECONDS);
      await readOutputs(round, all);
    } catch (error) {
      known = undefined;
      // Where the executor is away, others say so.
      if (toFailure(error).code !== 'executor_unavailable')
        logger.warn({ err: error, type }, 'the programs of sites were not looked at');
    }
  };
}

interface Round<Report, Output> extends ObservingParts {
  readonly kind: ObservedKind<Report, Output>;
  readonly known: Map<PartId, Report>;
  readonly outputs: Map<PartId, string>;
}

async function readKnown<Report, Output>(
  { state, server }: ObservingParts,
  { type, report }: ObservedKind<Report, Output>,
): Promise<Map<PartId, Report>> {
  const known = new Map<PartId, Report>();
  for (const [part, stored] of await listPartReports(state, { server, type })) {
    const read = report.safeParse(stored);
    if (read.success) known.set(part, read.data);
  }
  return known;
}

/** What runs beside those of this type is for others to report. */
async function look<Report, Output>(
  { state, executor }: ObservingParts,
  { type, look: lookAtAll }: ObservedKind<Report, Output>,
): Promise<readonly Seen<Report>[]> {
  const all = await lookAtAll(executor);
  const ours = await partsOfType(
    state,
    type,
    all.map(({ part }) => part),
  );
  return all.filter(({ part }) => ours.has(part));
}

async function note<Report, Output>(round: Round<Report, Output>, seen: Seen<Report>): Promise<void> {
  const { state, server, kind, known } = round;
  const { part, report } = seen;
  const before = known.get(part);
  if (JSON.stringify(before) === JSON.stringify(report)) return;
  const hasFailed = kind.isFailed(report) && !(before !== undefined && kind.isFailed(before));
  if (!hasFailed) await putPartReport(state, { server, type: kind.type }, seen);
  else if (!(await noteFailure(round, seen))) return;
  known.set(part, report);
}

/** What it is, and that it is told: both or neither. Before anything has brought it about there is nothing to tell. */
async function noteFailure<Report, Output>(
  round: Round<Report, Output>,
  seen: Seen<Report>,
): Promise<boolean> {
  const { state, server, kind, outputs } = round;
  const { part, report } = seen;
  const { type } = kind;
  const output = await readOutput(round, part);
  if (output === undefined) return false;
  const told = await state.transaction(async (sql) => {
    const sentence = (name: string) => kind.sentence({ report, output }, name);
    if (!(await tellProgramFailed(sql, { type, part }, sentence))) return false;
    await putPartReport(sql, { server, type }, seen);
    await putPartOutput(sql, part, output);
    return true;
  });
  if (told) outputs.set(part, kind.stampOf(report));
  return told;
}

async function forget<Report, Output>(
  { state, known, outputs }: Round<Report, Output>,
  all: readonly Seen<Report>[],
): Promise<void> {
  const there = new Set(all.map(({ part }) => part));
  for (const part of [...known.keys()].filter((each) => !there.has(each))) {
    await removePartReport(state, part);
    known.delete(part);
  }
  for (const part of [...outputs.keys()].filter((each) => !there.has(each))) outputs.delete(part);
}

/** Of those that have said something since, a few. */
async function readOutputs<Report, Output>(
  round: Round<Report, Output>,
  all: readonly Seen<Report>[],
): Promise<void> {
  const { kind, outputs, state } = round;
  const news = all.filter(({ part, report }) => outputs.get(part) !== kind.stampOf(report));
  // Who was never read comes first, and who was read last comes last: the map is kept in that order.
  const turns = new Map([...outputs.keys()].map((part, turn) => [part, turn]));
  const turnOf = ({ part }: Seen<Report>) => turns.get(part) ?? -1;
  const inOrder = [...news].sort((a, b) => turnOf(a) - turnOf(b));
  for (const { part, report } of inOrder.slice(0, MOST_OUTPUTS)) {
    const output = await readOutput(round, part);
    if (output !== undefined) await putPartOutput(state, part, output);
    // Whose turn it was goes to the end of the line, so that who says much keeps nobody waiting.
    outputs.delete(part);
    outputs.set(part, kind.stampOf(report));
  }
}

/** Undefined where it is gone meanwhile. */
async function readOutput<Report, Output>(
  { state, executor, kind }: Round<Report, Output>,
  id: PartId,
): Promise<Output | undefined> {
  const site = await siteOfPart(state, id, kind.type);
  if (site === undefined) return undefined;
  try {
    return await kind.readOutput(executor, { id, site });
  } catch (error) {
    if (toFailure(error).code === 'not_found') return undefined;
    throw error;
  }
}
