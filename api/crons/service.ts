import { z } from 'zod';
import { timesOf } from '../../contract/cron-schedule.ts';
import { CronReport } from '../../contract/crons.ts';
import type { ServerId } from '../../contract/ids.ts';
import type { Cron } from '../../contract/site-parts.ts';
import type { State } from '../../state/connection.ts';
import { readPartReports } from '../../state/part-reports.ts';
import { readServerFact } from '../../state/server-facts.ts';
import { createPartService } from '../site-parts/service.ts';
import type { PartService, PartView } from '../site-parts/service.ts';
import type { Write } from '../writer.ts';
import { nextTimes } from './next-times.ts';
import { inWords } from './words.ts';

export interface CronServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
}

const SHOWN_TIMES = 3;

/** Programs of a site that the clock starts. */
export function createCronService(parts: CronServiceParts): PartService<'cron'> {
  return createPartService({
    ...parts,
    type: 'cron',
    kinds: { create: 'cron.create', delete: 'cron.delete' },
    present: async (sql, crons) => {
      const zone = zoneOf(await readServerFact(sql, parts.server, 'timezone'));
      const reports = await readPartReports(
        sql,
        crons.map(({ id }) => id),
      );
      return crons.map((cron): Cron => {
        const seen = reports.get(cron.id);
        const report = CronReport.safeParse(seen?.report).data ?? null;
        const output = z.string().safeParse(seen?.output).data ?? null;
        return { ...withTimes(cron, zone), report, output };
      });
    },
  });
}

function withTimes(cron: PartView<'cron'>, zone: string): Omit<Cron, 'report' | 'output'> {
  const times = timesOf(cron.schedule);
  const next = nextTimes(times, { after: new Date(), zone, count: SHOWN_TIMES });
  return {
    ...cron,
    inWords: inWords(times),
    timeZone: zone,
    next: next.map((time) => time.toISOString()),
  };
}

/** A zone that Node does not know is one that cron may know: then what is shown is UTC, and says so. */
function zoneOf(fact: unknown): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: String(fact) }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
