import type { VerbArgs } from '../../contract/executor.ts';
import type { State } from '../../state/connection.ts';
import { isCancellationAsked } from '../../state/claims.ts';
import { putRunResult } from '../../state/runs.ts';
import { repeat } from '../../runtime/repeat.ts';
import type { CallContext, Executor } from '../executor-calls.ts';
import type { Task } from '../task.ts';

export interface RunHandlerParts {
  readonly state: State;
  readonly executor: Executor;
  readonly stopEveryMs?: number;
}

const LOOK_FOR_STOP_EVERY_MS = 1000;

/**
 * A command that was run to its end has been carried out, whatever its exit code: that is its result. Where somebody
 * wants it taken back meanwhile, it is stopped, and what it had done by then stands.
 */
export function runToItsEnd({ state, executor, stopEveryMs = LOOK_FOR_STOP_EVERY_MS }: RunHandlerParts) {
  return async (wanted: VerbArgs<'run.start'>, task: Task, context: CallContext) => {
    const { id, site, generation } = wanted;
    const stopping = repeat(stopEveryMs, async () => {
      if (!(await isCancellationAsked(state, task.operation.id).catch(() => false))) return;
      await executor
        .call('run.stop', { id, site, generation }, { ...context, step: () => undefined })
        .catch(() => undefined);
    });
    try {
      const result = await executor.call('run.start', wanted, context);
      task.stillMine();
      await putRunResult(state, id, result);
    } finally {
      await stopping.stop();
    }
  };
}
