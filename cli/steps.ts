import type { Operation } from './answers.ts';

const MARKS = { succeeded: '✔', failed: '✘', undone: '↺' } as const;

type Step = Operation['steps'][number];

/** Prints each step of an operation once, as it ends. An operation that is tried again tells its story again. */
export function createStepPrinter(line: (text: string) => void): (operation: Operation) => void {
  let shown = 0;
  let attempt = 0;
  return (operation) => {
    if (operation.attempt !== attempt && shown > 0) {
      line(`  attempt ${operation.attempt}`);
      shown = 0;
    }
    attempt = operation.attempt;
    operation.steps.slice(shown).forEach((step) => line(`  ${describeStep(step)}`));
    shown = Math.max(shown, operation.steps.length);
  };
}

/** For instance `✔ nginx answers               unchanged  12 ms`. */
export function describeStep(step: Step): string {
  const changed = step.changed ? 'changed  ' : 'unchanged';
  const undone = step.status === 'undone' ? ' (undone)' : '';
  return `${MARKS[step.status]} ${step.name.padEnd(32)}  ${changed}  ${formatMs(step.durationMs)}${undone}`;
}

function formatMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : String(Math.round(ms))} ms`;
}
