import { z } from 'zod';
import { CronSchedule } from './cron-schedule.ts';
import { ProgramEnvironment, ProgramWords, WorkingDirectory } from './programs.ts';

/** A program of a site that the clock starts, as the site's user. */
export const CronSpec = z.strictObject({
  schedule: CronSchedule,
  command: ProgramWords,
  workingDirectory: WorkingDirectory.default(''),
  environment: ProgramEnvironment.default({}),
  /** Whether it is started though it still runs from before: then so many as `MOST_AT_ONCE` run side by side. */
  overlap: z.boolean().default(false),
  /** After which it, and all that it started, is ended. */
  timeoutSeconds: z.int().min(1).max(86_400).default(3600),
});
export type CronSpec = z.infer<typeof CronSpec>;

export const MOST_AT_ONCE = 5;

/** How a program ended: by itself, because its time was over, or because somebody stopped it. */
export const EndedBy = z.enum(['itself', 'time_limit', 'stop']);
export type EndedBy = z.infer<typeof EndedBy>;

/**
 * How a program that ends went. The exit code of one that a signal ended is 128 and the signal's number, as a shell
 * has it.
 */
export const Ended = z.strictObject({
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  exitCode: z.int().min(0).max(255),
  endedBy: EndedBy,
});
export type Ended = z.infer<typeof Ended>;

/** What the server knows of a cron's runs. */
export const CronReport = z.strictObject({
  last: Ended.nullable(),
  /** How many have failed since the last one that did not. */
  failures: z.int().min(0),
  running: z.boolean(),
  /** When it was last not started because it still ran. */
  skippedAt: z.iso.datetime().nullable(),
});
export type CronReport = z.infer<typeof CronReport>;
