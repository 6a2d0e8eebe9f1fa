import { toFailure } from '../contract/failures.ts';
import { DomainId } from '../contract/ids.ts';
import type { ServerId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { State } from '../state/connection.ts';
import { dueForDrift, stillStanding } from '../state/drift.ts';
import type { Looked } from '../state/drift.ts';
import { insertServerNotification } from '../state/notifications.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import { noteDrift } from './handlers/drift.ts';
import { lookForDrift, putOffLook } from './looking-for-drift.ts';
import type { LookingParts } from './looking-for-drift.ts';
import type { DatabaseDoor } from './database-door.ts';
import { sentencesOf } from './update-news.ts';
import type { Checked } from './update-news.ts';

export interface TellingUpdatesParts extends LookingParts {
  readonly server: ServerId;
  readonly serverName: string;
  readonly state: State;
  readonly door: DatabaseDoor;
  /** Whether this is the server's only worker, and all that was to start anew has. */
  readonly isActive: () => boolean;
  readonly logger: Logger;
}

export interface TellingUpdates {
  /** Packages were replaced. */
  readonly noteUpdate: () => void;
  /** To be called every second: once after an update, tells what was replaced and what came of it. Never throws. */
  readonly once: () => Promise<void>;
}

/** So many are looked at right away, those that were looked at longest ago; the others have their turn within a day. */
const LOOKED_AT = 20;
const ROUNDS_AFTER_FAILURE = 60;

export function createTellingUpdates(parts: TellingUpdatesParts): TellingUpdates {
  const { server, serverName: name, state, executor, isActive, logger } = parts;
  // What an earlier worker did not come to is told when one starts.
  let isNew = true;
  let pause = 0;

  async function tell(): Promise<void> {
    const { report } = await executor.call('updates.report', {}, UNASKED);
    if (report === null) return;
    if (report.packages.length > 0) {
      const message = sentencesOf(report, await check(parts));
      await insertServerNotification(state, { kind: 'updated', server, name, message });
      logger.info({ ...report }, 'packages were updated');
    }
    await executor.call('updates.told', { upTo: report.upTo }, UNASKED);
  }

  return {
    noteUpdate: () => {
      [isNew, pause] = [true, 0];
    },
    once: async () => {
      if (!isActive() || !isNew) return;
      if (pause > 0) {
        pause -= 1;
        return;
      }
      isNew = false;
      try {
        await tell();
      } catch (error) {
        [isNew, pause] = [true, ROUNDS_AFTER_FAILURE];
        const { code } = toFailure(error);
        if (!AWAY.has(code) && code !== 'invalid_request')
          logger.warn({ err: error }, 'not told what was updated');
      }
    },
  };
}

/** That the state can be read says of MariaDB that it answers; each site is asked through nginx, and its PHP. */
async function check(parts: TellingUpdatesParts): Promise<Checked> {
  const due = await dueForDrift(parts.state, parts.server, { hours: 0, limit: LOOKED_AT });
  const silent: string[] = [];
  const drifted: string[] = [];
  for (const looked of due) {
    try {
      if (!(await answers(parts, looked))) silent.push(looked.name);
      else if (await hasDrifted(parts, looked)) drifted.push(looked.name);
    } catch (error) {
      await putOffLook(parts, looked, error);
      silent.push(looked.name);
    }
  }
  return { asked: due.length, silent, drifted };
}

async function answers({ executor, askPage }: TellingUpdatesParts, { type, id }: Looked): Promise<boolean> {
  if (type !== 'domain') return true;
  const { probes } = await executor.call('site.drift', { id: DomainId.parse(id) }, UNASKED);
  const seen = await Promise.allSettled(probes.map((probe) => askPage(probe)));
  return seen.every(({ status }) => status === 'fulfilled');
}

async function hasDrifted(parts: TellingUpdatesParts, looked: Looked): Promise<boolean> {
  const found = await lookForDrift(parts, looked);
  if (!(await stillStanding(parts.state, looked))) return false;
  await noteDrift(parts.state, looked, found);
  return found.length > 0;
}
