import { FailureError } from '../../../contract/failures.ts';
import type { ProgramReport } from '../../../contract/queues.ts';
import { runSteps } from '../ensure.ts';
import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** Ends what runs of a queue, and starts it anew. Nothing where it shall not run. */
export function restartQueue(system: System): VerbHandler<'queue.restart'> {
  return async ({ id, site, generation }, run) => {
    const part = await system.parts.read({ id, site });
    if (part === null || part.removed || part.type !== 'queue') throw notThere();
    if (part.generation !== generation)
      throw new FailureError('invalid_request', 'The server has another version of this.', 'Ask again.');
    let done = !part.spec.running || (await system.programs.processes()).get(id) === undefined;
    const restarted = {
      name: 'start the program anew',
      look: () => Promise.resolve(done ? null : 'it was not started anew'),
      change: async () => {
        await system.programs.restart(id);
        done = true;
        return null;
      },
    };
    await runSteps([restarted], run);
    return {};
  };
}

/** How all programs of sites fare, as Supervisor has it. */
export function lookAtPrograms({
  programs,
  outputs,
}: Pick<System, 'programs' | 'outputs'>): VerbHandler<'programs.look'> {
  return async () => {
    const all = [...(await programs.processes())];
    const report = async ([part, processes]: (typeof all)[number]): Promise<ProgramReport> => {
      return { part, processes: [...processes], output: await outputs.stamp(part) };
    };
    return { programs: await Promise.all(all.map(report)) };
  };
}

/** The last lines of one, which has to be known as what it is said to be. */
export function readOutput({
  parts,
  outputs,
}: Pick<System, 'parts' | 'outputs'>): VerbHandler<'program.output'> {
  return async ({ id, site }) => {
    const part = await parts.read({ id, site });
    if (part === null || part.removed) throw notThere();
    return { output: await outputs.read(id) };
  };
}

function notThere(): FailureError {
  return new FailureError('not_found', 'There is no such program on this server.', 'Create it anew.');
}
