import { z } from 'zod';
import { Ended } from './crons.ts';
import { ProgramEnvironment, ProgramWords, WorkingDirectory } from './programs.ts';

/** One command that runs once, as a site's user. */
export const RunSpec = z.strictObject({
  command: ProgramWords,
  workingDirectory: WorkingDirectory.default(''),
  environment: ProgramEnvironment.default({}),
  /** After which it, and all that it started, is ended. */
  timeoutSeconds: z.int().min(1).max(3600).default(300),
});
export type RunSpec = z.infer<typeof RunSpec>;

/** What is kept of what a command says: the end, in bytes. */
export const KEPT_OUTPUT = 65_536;

/** Both of its outputs, as they came, with U+FFFD where they are no UTF-8. */
export const RunResult = z.strictObject({
  ...Ended.shape,
  output: z.string(),
  /** Whether more was said before that. */
  truncated: z.boolean(),
});
export type RunResult = z.infer<typeof RunResult>;

/** `failed`: it was not run, or how it ended is not known; its operation says why. */
export const RunStatus = z.enum(['queued', 'running', 'ended', 'failed']);
export type RunStatus = z.infer<typeof RunStatus>;
