import type { Verb } from '../../../contract/executor.ts';

/** Asked every few seconds, and nothing of a tenant's is changed by them: they are noted where they end badly. */
export const LOOKS: ReadonlySet<Verb> = new Set([
  'server.look',
  'programs.look',
  'program.output',
  'crons.look',
  'certificates.look',
  'cron.output',
  'site.measure',
  'tenant.room',
  'updates.meet',
  'updates.look',
  'updates.report',
  'updates.status',
  'bans.look',
  'audit.head',
  'audit.lines',
  'site.drift',
  'database.drift',
  'tenant.drift',
]);

/** What they do is done by steps alone, and what they refuse they refuse before. The others are not planned. */
export const PLANNED: ReadonlySet<Verb> = new Set([
  'site.put',
  'site.remove',
  'site.restore',
  'site.align',
  'key.put',
  'key.remove',
  'cache.put',
  'cache.remove',
  'certificate.put',
  'certificate.renew',
  'certificate.remove',
  'cron.put',
  'cron.remove',
  'queue.put',
  'queue.remove',
  'database.remove',
  'database.align',
  'tenant.put',
  'tenant.remove',
  'tenant.restore',
]);

/** What takes away, locks or switches off goes on where there is no room: it is how room is made. */
export const MAKES: ReadonlySet<Verb> = new Set([
  'site.put',
  'site.restore',
  'key.put',
  'cache.put',
  'certificate.put',
  'certificate.renew',
  'cron.put',
  'queue.put',
  'run.start',
  'database.restore',
  'tenant.room',
]);
