import { z } from 'zod';
import { PartId } from './ids.ts';
import { ProgramEnvironment, ProgramLimits, ProgramWords, WorkingDirectory } from './programs.ts';

/** How a program is told to end; after `stopSeconds` it is ended. An operation waits for it, so they are not many. */
export const StopSignal = z.enum(['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'KILL']);
export type StopSignal = z.infer<typeof StopSignal>;

export const MOST_PROCESSES = 16;

/**
 * Numbers that a program may be reached by: none that the system or the agent listens on, and none that the kernel gives
 * to connections that go out.
 */
export const FIRST_PUBLIC_PORT = 20_000;
export const LAST_PUBLIC_PORT = 29_999;

const PORTS = `a port from ${FIRST_PUBLIC_PORT} to ${LAST_PUBLIC_PORT}`;

export const PublicPortNumber = z.int().min(FIRST_PUBLIC_PORT, PORTS).max(LAST_PUBLIC_PORT, PORTS);

/** A port that the network reaches while the program runs. A number is one program's alone, whatever its protocol. */
export const PublicPort = z.strictObject({
  port: PublicPortNumber,
  protocol: z.enum(['tcp', 'udp']).default('tcp'),
});
export type PublicPort = z.infer<typeof PublicPort>;

/** What is asked of a program that Supervisor keeps running as its site's user. */
const fields = {
  command: ProgramWords,
  workingDirectory: WorkingDirectory,
  environment: ProgramEnvironment,
  processes: z.int().min(1).max(MOST_PROCESSES),
  stopSignal: StopSignal,
  stopSeconds: z.int().min(1).max(45),
  startOnBoot: z.boolean(),
  memoryMb: ProgramLimits.shape.memoryMb.unwrap(),
  cpuPercent: ProgramLimits.shape.cpuPercent.unwrap(),
  publicPort: PublicPort.nullable(),
};

/** `running` is whether it shall run: what is stopped stays so, through a suspension too, until it is started. */
export const QueueSpec = z.strictObject({
  ...fields,
  /** One that was stored before there were public ports has none. */
  publicPort: fields.publicPort.default(null),
  running: z.boolean(),
});
export type QueueSpec = z.infer<typeof QueueSpec>;

export const QueueSettings = z.strictObject({
  command: fields.command,
  workingDirectory: fields.workingDirectory.default(''),
  environment: fields.environment.default({}),
  processes: fields.processes.default(1),
  stopSignal: fields.stopSignal.default('TERM'),
  stopSeconds: fields.stopSeconds.default(10),
  startOnBoot: fields.startOnBoot.default(true),
  memoryMb: ProgramLimits.shape.memoryMb,
  cpuPercent: ProgramLimits.shape.cpuPercent,
  publicPort: fields.publicPort.default(null),
});

/** What is not named stays; an environment and a command are replaced whole. */
export const UpdateQueue = z
  .strictObject(fields)
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'at least one field to change');
export type UpdateQueue = z.infer<typeof UpdateQueue>;

/**
 * From worst to best. `failed`: it ended at once a few times, and waits until somebody starts it. `failing`: it ended at
 * once, and is started again after a while.
 */
export const ProcessState = z.enum(['failed', 'failing', 'stopping', 'starting', 'stopped', 'running']);
export type ProcessState = z.infer<typeof ProcessState>;

/** That of the process that fares worst; `stopped` where there is none. */
export function worstOf(processes: readonly { readonly state: ProcessState }[]): ProcessState {
  return ProcessState.options.find((state) => processes.some((one) => one.state === state)) ?? 'stopped';
}

export const ProgramProcess = z.strictObject({
  number: z.int().min(0).max(99),
  state: ProcessState,
  /** When it came into that state: started, or ended. Null where it never ran. */
  since: z.iso.datetime().nullable(),
  /** With what it ended; null where it did not, or where that is not known, as of one that ended at once. */
  exitCode: z.int().min(-1).max(255).nullable(),
});
export type ProgramProcess = z.infer<typeof ProgramProcess>;

/** What Supervisor says of one program; `output` changes when it has said something. */
export const ProgramReport = z.strictObject({
  part: PartId,
  processes: z.array(ProgramProcess).max(100),
  output: z.string().max(40),
});
export type ProgramReport = z.infer<typeof ProgramReport>;

/** The last that each process of a program has said, the oldest first. */
export const ProgramOutput = z.array(
  z.strictObject({ number: z.int().min(0).max(99), lines: z.array(z.string().max(1000)).max(200) }),
);
export type ProgramOutput = z.infer<typeof ProgramOutput>;
