import { crontabFields, type CronSchedule } from '../../../contract/cron-schedule.ts';
import type { PartId } from '../../../contract/ids.ts';
import { plain, RenderError } from './plain.ts';

/**
 * What cron reads of one cron of a site: when, and which. What it starts stands in a file of root's that cron does not
 * read, so that neither a `%` nor the end of a line in a tenant's words is anything here.
 */
export function renderCronTable({
  id,
  schedule,
}: {
  readonly id: PartId;
  readonly schedule: CronSchedule;
}): string {
  const fields = crontabFields(schedule);
  if (!/^[0-9*,/-]+(?: [0-9*,/-]+){4}$/.test(fields)) throw new RenderError('a schedule');
  return [
    '# Written by Sculptor Agent, and written anew. Nobody is sent what it says.',
    'SHELL=/bin/sh',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
    'MAILTO=""',
    `${fields} root /usr/lib/sculptor/launch-once ${plain(id)}`,
    '',
  ].join('\n');
}
