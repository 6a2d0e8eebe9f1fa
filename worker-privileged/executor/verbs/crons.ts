import { FailureError } from '../../../contract/failures.ts';
import { DomainId } from '../../../contract/ids.ts';
import { runSteps } from '../ensure.ts';
import { paths } from '../system/paths.ts';
import type { System } from '../system/system.ts';
import { standingOf, worksWhile } from './site-parts/follow.ts';
import { notThere, siteOf, switchedOff } from './site-parts.ts';
import { refuse } from './site/registered.ts';
import type { VerbHandler } from './table.ts';

/** What is kept of what a cron says, as far as it is shown. */
const SHOWN_OUTPUT = 16_384;

export function lookAtCrons({
  folders,
  parts,
  once,
}: Pick<System, 'folders' | 'parts' | 'once'>): VerbHandler<'crons.look'> {
  return async () => {
    const sites = (await folders.list(paths.parts)).flatMap((name) => DomainId.safeParse(name).data ?? []);
    const all = (await Promise.all(sites.map((site) => parts.list(site)))).flat();
    const crons = all.filter(({ type }) => type === 'cron');
    return {
      crons: await Promise.all(crons.map(async ({ id }) => ({ part: id, ...(await once.report(id)) }))),
    };
  };
}

export function cronOutput({ parts, once }: Pick<System, 'parts' | 'once'>): VerbHandler<'cron.output'> {
  return async (place) => {
    const part = await parts.read(place);
    if (part?.type !== 'cron' || part.removed) throw notThere();
    return { output: (await once.output(place.id, SHOWN_OUTPUT)).text };
  };
}

/** Beside its times, and beside itself never: what cron would do if this were one of its minutes. */
export function runCron(system: System): VerbHandler<'cron.run'> {
  const { parts, once } = system;
  return async ({ id, site, generation }, run) => {
    const part = await parts.read({ id, site });
    if (part?.type !== 'cron' || part.removed) throw notThere();
    if (part.generation !== generation) throw refuse('The server has another version of this.', 'Ask again.');
    if (!worksWhile('cron', standingOf(await siteOf(system, { site })))) throw switchedOff();
    const before = await once.started(id, generation);
    if (before === 'lost') throw notBegun();
    const runs = before === 'no' && (await once.isRunning(id));
    let done = runs || before === 'yes';
    const start = {
      name: runs ? 'start none beside the one that runs' : 'start it now',
      look: () => Promise.resolve(done ? null : 'it was not started'),
      change: async () => {
        done = await once.start(id, { generation, seconds: part.spec.timeoutSeconds });
        if (!done) throw notBegun();
        return null;
      },
    };
    await runSteps([start], run);
    return {};
  };
}

function notBegun(): FailureError {
  return new FailureError(
    'broken_off',
    'The cron was asked to start, and nobody can say that it did.',
    'It is not started a second time by itself. Look at what it has done, and ask again.',
  );
}
