import type { z } from 'zod';
import type { VerbArgs } from '../contract/executor.ts';
import { CronReport } from '../contract/crons.ts';
import type { PartId } from '../contract/ids.ts';
import { ProgramReport, worstOf } from '../contract/queues.ts';
import type { ProgramOutput } from '../contract/queues.ts';
import { UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';

/** What was seen of one program. */
export interface Seen<Report> {
  readonly part: PartId;
  readonly report: Report;
}

/** How the programs of one type are looked at; what one has said has the form that the API reads it in. */
export interface ObservedKind<Report, Output> {
  readonly type: 'queue' | 'cron';
  readonly report: z.ZodType<Report>;
  readonly look: (executor: Pick<Executor, 'call'>) => Promise<readonly Seen<Report>[]>;
  readonly readOutput: (
    executor: Pick<Executor, 'call'>,
    place: VerbArgs<'program.output'>,
  ) => Promise<Output>;
  /** Another one where there may be more that it has said. */
  readonly stampOf: (report: Report) => string;
  readonly isFailed: (report: Report) => boolean;
  /** What is told when it has failed and had not before. */
  readonly sentence: (seen: { readonly report: Report; readonly output: Output }, name: string) => string;
}

export const QUEUES: ObservedKind<ProgramReport, ProgramOutput> = {
  type: 'queue',
  report: ProgramReport,
  look: async (executor) => {
    const { programs } = await executor.call('programs.look', {}, UNASKED);
    return programs.map((report) => ({ part: report.part, report }));
  },
  readOutput: async (executor, place) => (await executor.call('program.output', place, UNASKED)).output,
  stampOf: ({ output }) => output,
  isFailed: ({ processes }) => worstOf(processes) === 'failed',
  sentence: ({ report: { processes }, output }, name) => {
    const failed = processes.find(({ state }) => state === 'failed');
    const lines = output.find(({ number }) => number === failed?.number)?.lines ?? [];
    const words = lines.slice(-3).join(' / ');
    return [
      `The program of the queue ${name} keeps ending at once and is not started any more.`,
      words === '' ? ' It said nothing.' : ` It said last: ${words}`,
    ].join('');
  },
};

export const CRONS: ObservedKind<CronReport, string> = {
  type: 'cron',
  report: CronReport,
  look: async (executor) => {
    const { crons } = await executor.call('crons.look', {}, UNASKED);
    return crons.map(({ part, ...report }) => ({ part, report }));
  },
  readOutput: async (executor, place) => (await executor.call('cron.output', place, UNASKED)).output,
  stampOf: ({ last, running }) => `${last?.endedAt} ${running}`,
  isFailed: ({ failures }) => failures > 0,
  sentence: ({ report: { last } }, name) => {
    const how =
      last?.endedBy === 'time_limit'
        ? 'did not end in its time'
        : `ended with ${last?.exitCode ?? 'no exit code'}`;
    return `The cron ${name} ${how}.`;
  },
};
