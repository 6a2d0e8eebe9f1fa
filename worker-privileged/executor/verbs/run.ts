import { FailureError } from '../../../contract/failures.ts';
import type { DomainId, PartId } from '../../../contract/ids.ts';
import { KEPT_OUTPUT, type RunResult } from '../../../contract/runs.ts';
import type { VerbArgs } from '../../../contract/executor.ts';
import { runSteps, type Run } from '../ensure.ts';
import type { System } from '../system/system.ts';
import { standingOf, worksWhile } from './site-parts/follow.ts';
import { whileLocked } from './site-parts/locked.ts';
import { bounded, programGone, programNoted, stopped } from './site-parts/program.ts';
import { putPart, removePart, siteOf, switchedOff } from './site-parts.ts';
import type { VerbHandler } from './table.ts';

type Asked = VerbArgs<'run.start'>;

/** Of one site, and of all together: each waits here until it ends, and others must be heard meanwhile. */
const MOST_OF_SITE = 4;
const MOST = 24;

/**
 * Runs a command of a site once. Asked for again, because whoever asked broke off, it is waited for and not begun
 * anew; that it was begun is written down by what starts it, before it does. The site's lock is held until then only.
 */
export function startRun(system: System): VerbHandler<'run.start'> {
  const underWay = new Map<PartId, DomainId>();
  return async (asked, run) => {
    const { id, site, spec } = asked;
    requireRoom(underWay, asked);
    underWay.set(id, site);
    try {
      await whileLocked({ system, site, run }, () => prepare(system, asked, run));
      await system.once.run(id, spec.timeoutSeconds);
      // Whoever asked before and went away waits here as well: one after the other.
      await system.locks.during(site, () => cleared(system, id, run));
      return await resultOf(system, id);
    } finally {
      underWay.delete(id);
    }
  };
}

/** By the site's lock, which a removal holds too: either that finds the command, or this finds no site. */
async function prepare(system: System, asked: Asked, run: Run): Promise<void> {
  const { id, spec } = asked;
  await putPart(system, 'run')(asked, run);
  if (await system.once.hasBegun(id)) return;
  const [site, part] = [await siteOf(system, asked), await system.parts.read(asked)];
  if (part?.type !== 'run' || !worksWhile('run', standingOf(site))) throw switchedOff();
  const bounds = { kind: 'run', seconds: spec.timeoutSeconds, atOnce: 1 } as const;
  await runSteps([bounded(system, id, bounds), programNoted(system, { site, part })], run);
}

async function cleared(system: System, id: PartId, run: Run): Promise<void> {
  await runSteps([programGone(system, id)], run);
  // Of one whose launcher was killed all lives on, and nothing else would end it any more.
  if ((await system.once.last(id)) === null) await runSteps([stopped(system, id)], run);
}

async function resultOf({ once }: Pick<System, 'once'>, id: PartId): Promise<RunResult> {
  const ended = await once.last(id);
  if (ended === null) throw brokenOff();
  const { text, truncated } = await once.output(id, KEPT_OUTPUT);
  return { ...ended, output: text, truncated };
}

export function stopRun(system: System): VerbHandler<'run.stop'> {
  return async ({ id, site }, run) => {
    const part = await system.parts.read({ id, site });
    if (part?.type === 'run') await runSteps([programGone(system, id), stopped(system, id)], run);
    return {};
  };
}

/** Its id is not kept either: each would be one more file to read whenever the site changes. */
export function forgetRun(system: System): VerbHandler<'run.forget'> {
  return async (place, run) => {
    await removePart(system, 'run')(place, run);
    await system.parts.drop(place);
    return {};
  };
}

function requireRoom(underWay: ReadonlyMap<PartId, DomainId>, { id, site }: Asked): void {
  const others = [...underWay].filter(([other]) => other !== id);
  const ofSite = others.filter(([, its]) => its === site).length;
  if (ofSite >= MOST_OF_SITE)
    throw noRoom(`This site runs ${MOST_OF_SITE} commands already, as many as may be.`);
  if (others.length >= MOST) throw noRoom(`This server runs ${MOST} commands already, as many as may be.`);
}

function noRoom(message: string): FailureError {
  return new FailureError(
    'limit_reached',
    message,
    'It begins by itself when there is room, looked for once a minute.',
  );
}

function brokenOff(): FailureError {
  return new FailureError(
    'broken_off',
    'The command was begun, and ended without saying how: the server was started anew, or what watched it was killed.',
    'It is not run a second time by itself. Look at what it has done, and ask again.',
  );
}
