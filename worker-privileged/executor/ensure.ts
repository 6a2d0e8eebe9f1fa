import { failpoint } from '../../contract/failpoint.ts';
import { FailureError } from '../../contract/failures.ts';
import type { OperationStep } from '../../contract/operations.ts';
import type { WantedFile } from './wanted-files.ts';

/** Puts back what one change replaced. Runs once, and only when a later step of the same request failed. */
export type Undo = () => Promise<void>;

/**
 * One thing that should be so. `look` tells in a few words what is not as it was asked, null where nothing is;
 * `change` makes it so, and where it fails it leaves what it found. Looking again after a change is the
 * verification. Every step can be run again, and looking alone changes nothing.
 */
export type Step = {
  readonly name: string;
  readonly look: () => Promise<string | null>;
  /** Null where nothing is to be put back: what was asked away stays away, and asking again goes on from there. */
  readonly change: () => Promise<Undo | null>;
  /** The files that it writes, as they are to be: for whoever wants to see what would be changed. */
  readonly files?: () => Promise<readonly WantedFile[]>;
  /** What it is made of, where it stands for several. */
  readonly within?: () => Promise<readonly Step[]>;
};

/** What it changed stays, whatever fails after it. */
export function staying(step: Step): Step {
  return { ...step, change: () => step.change().then(() => null) };
}

/** What a running request is given: where its steps are told, and the signal that no further step may begin. */
export type Run = {
  readonly report: (step: OperationStep) => void;
  readonly signal: AbortSignal;
  /** For what a person should know and the caller cannot use. */
  readonly warn: (message: string, cause: unknown) => void;
  /**
   * Throws a SupplantedError where the operation was claimed anew since. For verbs that take a lock themselves: what is
   * asked before it is had says nothing of the time after.
   */
  readonly stillAsked?: () => Promise<void>;
  /** Where nothing is to be changed, but told what would be. Throws when that is done: see plan.ts. */
  readonly plan?: (steps: readonly Step[]) => Promise<never>;
};

/**
 * Brings the steps about in order; where the run is a plan, none of them: this is the one place that calls a change. On a failure what this run changed is undone, the last change first, and
 * the failure is thrown on.
 */
export async function runSteps(steps: readonly Step[], run: Run): Promise<void> {
  if (run.plan !== undefined) return run.plan(steps);
  const undos: { name: string; undo: Undo }[] = [];
  for (const step of steps) {
    const started = performance.now();
    let changed = false;
    try {
      if (run.signal.aborted) throw breakOff(run.signal.reason);
      changed = await bringAbout(step, (undo) => undos.push({ name: step.name, undo }));
      failpoint(`${step.name}: ${changed ? 'verified' : 'found as asked'}`);
      run.report(outcome(step.name, 'succeeded', { changed, started }));
    } catch (failure) {
      run.report(outcome(step.name, 'failed', { changed, started }));
      // Who asks again, or does already, goes on from here.
      const goesOn = failure instanceof StoppingError || failure instanceof SupplantedError;
      if (!goesOn) await undoAll(undos.reverse(), run);
      throw failure;
    }
  }
}

/** This process is to end: what it has done stays, and the next one that is asked for the same does the rest. */
export class StoppingError extends FailureError {
  constructor() {
    super(
      'executor_unavailable',
      'The executor was stopped before all of it was done.',
      'It goes on by itself when the executor runs again: systemctl status sculptor-executor.',
    );
  }
}

/** Another claim of the operation was asked for since: all that this one would still do is the other's. */
export class SupplantedError extends FailureError {
  constructor() {
    super(
      'executor_unavailable',
      'Another worker has taken this operation over meanwhile.',
      'Nothing is to be done: it goes on there.',
    );
  }
}

function breakOff(reason: unknown): FailureError {
  if (reason instanceof StoppingError) return reason;
  return new FailureError(
    'executor_unavailable',
    'The time for this request was over before all of it was done.',
    'It is tried again by itself a few times; after that, look what keeps the server busy.',
  );
}

async function bringAbout(step: Step, keep: (undo: Undo) => void): Promise<boolean> {
  if ((await step.look()) === null) return false;
  failpoint(`${step.name}: to be changed`);
  const undo = await step.change();
  if (undo !== null) keep(undo);
  failpoint(`${step.name}: changed`);
  const left = await step.look();
  if (left !== null) {
    throw new FailureError(
      'mismatch',
      `After "${step.name}" the server still shows: ${left}.`,
      'Something else on the server changes the same thing; ask again when it has been stopped.',
    );
  }
  return true;
}

async function undoAll(undos: readonly { name: string; undo: Undo }[], run: Run): Promise<void> {
  for (const { name, undo } of undos) {
    const started = performance.now();
    try {
      failpoint(`${name}: to be undone`);
      await undo();
      failpoint(`${name}: undone`);
      run.report(outcome(name, 'undone', { changed: true, started }));
    } catch (cause) {
      // The others are undone all the same: each that is left is one more thing to find by hand.
      run.report(outcome(name, 'failed', { changed: true, started }));
      run.warn('a change could not be undone', cause);
    }
  }
}

function outcome(
  name: string,
  status: OperationStep['status'],
  { changed, started }: { readonly changed: boolean; readonly started: number },
): OperationStep {
  return {
    name,
    status,
    changed,
    durationMs: Math.max(0, Math.round((performance.now() - started) * 100) / 100),
  };
}
