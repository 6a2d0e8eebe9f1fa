import { failpoint } from '../contract/failpoint.ts';
import type { OperationStep } from '../contract/operations.ts';
import type { Sql } from '../state/connection.ts';
import { recordStep } from '../state/outcomes.ts';
import type { Ticket } from '../state/tickets.ts';
import type { Publish } from './progress.ts';

/** Somebody else has claimed the operation since; it is theirs to end, and we are to do nothing more. */
export class SupplantedError extends Error {
  constructor() {
    super('the operation has been claimed anew');
    this.name = 'SupplantedError';
  }
}

export interface Steps {
  readonly step: (step: OperationStep) => void;
  /** Throws what kept an earlier step from being written. */
  readonly check: () => void;
  /** Waits until all are written; throws what kept one from it. */
  readonly settled: () => Promise<void>;
  /** What kept a step from being written is to be found again by the next; that the operation is another's stays so. */
  readonly again: () => void;
  readonly changed: () => boolean;
}

/** Writes steps in the order they came, one after the other, while the work goes on. */
export function createSteps(state: Sql, ticket: Ticket, publish: Publish): Steps {
  let position = 0;
  let changed = false;
  let trouble: unknown;
  let written = Promise.resolve();

  async function write(step: OperationStep, place: number): Promise<void> {
    if (trouble !== undefined) return;
    try {
      failpoint('step: to be written', ticket.id);
      if (!(await recordStep(state, ticket, { position: place, step }))) throw new SupplantedError();
      failpoint('step: written', ticket.id);
      publish(ticket.id);
    } catch (error) {
      trouble = error;
    }
  }

  function check(): void {
    if (trouble !== undefined) throw trouble as Error;
  }

  return {
    step: (step) => {
      const place = (position += 1);
      changed ||= step.changed;
      written = written.then(() => write(step, place));
    },
    check,
    settled: async () => {
      await written;
      check();
    },
    again: () => {
      if (!(trouble instanceof SupplantedError)) trouble = undefined;
    },
    changed: () => changed,
  };
}
