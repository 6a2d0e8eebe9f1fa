import { ServerRequestId } from '../../contract/ids.ts';
import type { State } from '../../state/connection.ts';
import type { Executor } from '../executor-calls.ts';
import { lookAtUpdates } from '../knowing-updates.ts';
import { contextOf, doStep, parsed } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface UpdateParts {
  readonly state: State;
  readonly executor: Executor;
}

/** What waits, as the distribution installs it by itself each day, is installed now. What came of it is told as ever. */
export function createUpdateHandlers(parts: UpdateParts): Readonly<Record<'update.install', Handler>> {
  return {
    'update.install': {
      apply: async (task) => {
        try {
          await install(parts, task);
        } finally {
          // Whoever waited for this shall not read what stood before it.
          await lookAtUpdates(parts, task.operation.server).catch(() => undefined);
        }
        return 'as-before';
      },
    },
  };
}

async function install({ executor }: UpdateParts, task: Task): Promise<void> {
  const id = parsed(ServerRequestId, task.operation.resourceId);
  await doStep(task, 'install security updates', async () => {
    const { run } = await executor.call('updates.install', { id }, contextOf(task));
    return run.packages.length > 0;
  });
}
