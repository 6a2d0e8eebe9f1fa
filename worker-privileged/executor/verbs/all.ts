import type { System } from '../system/system.ts';
import { noteAuditHead, readAuditLines } from './audit.ts';
import { lookAtBans, putBan, removeBan } from './bans.ts';
import { cacheUsages } from './caches.ts';
import { measureSite, requireRoom } from './disk.ts';
import { alignDatabase, alignSite } from './align.ts';
import { lookAtCertificates, putCertificate, removeCertificate, renewCertificate } from './certificates.ts';
import { collateDatabase, protectDatabase, removeDatabase } from './database.ts';
import { purgeDatabase, restoreDatabase } from './database-trash.ts';
import { cronOutput, lookAtCrons, runCron } from './crons.ts';
import { forgetRun, startRun, stopRun } from './run.ts';
import { lookAtPrograms, readOutput, restartQueue } from './programs.ts';
import { lookAtDatabase, lookAtSite, lookAtTenant, repairSite } from './drift.ts';
import { lookAtServer, serverFacts } from './server.ts';
import { putSite, removeSite } from './site.ts';
import { moveSite } from './site-move.ts';
import { purgeSite, restoreSite } from './site-trash.ts';
import { putPart, removePart } from './site-parts.ts';
import { dumpState } from './state.ts';
import { purgeTenant, putTenant, removeTenant, restoreTenant } from './tenant.ts';
import {
  installUpdates,
  lookForReplaced,
  meetUpdates,
  noteTold,
  renewSite,
  reportUpdates,
  restartOwn,
  updatesStatus,
} from './updates.ts';
import type { VerbTable } from './table.ts';

/** The closed table: a verb that is not in it is not done. */
export function createVerbs(system: System): VerbTable {
  return {
    'server.facts': serverFacts(system),
    'server.look': lookAtServer(system),
    'site.put': putSite(system),
    'site.remove': removeSite(system),
    'site.restore': restoreSite(system),
    'site.move': moveSite(system),
    'site.purge': purgeSite(system),
    'key.put': putPart(system, 'key'),
    'key.remove': removePart(system, 'key'),
    'cache.put': putPart(system, 'cache'),
    'cache.remove': removePart(system, 'cache'),
    'cache.usages': cacheUsages(system),
    'certificate.put': putCertificate(system),
    'certificate.renew': renewCertificate(system),
    'certificate.remove': removeCertificate(system),
    'certificates.look': lookAtCertificates(system),
    'cron.put': putPart(system, 'cron'),
    'cron.run': runCron(system),
    'cron.remove': removePart(system, 'cron'),
    'crons.look': lookAtCrons(system),
    'cron.output': cronOutput(system),
    'run.start': startRun(system),
    'run.stop': stopRun(system),
    'run.forget': forgetRun(system),
    'queue.put': putPart(system, 'queue'),
    'queue.restart': restartQueue(system),
    'queue.remove': removePart(system, 'queue'),
    'programs.look': lookAtPrograms(system),
    'program.output': readOutput(system),
    'database.collate': collateDatabase(system),
    'database.protect': protectDatabase(system),
    'database.remove': removeDatabase(system),
    'database.restore': restoreDatabase(system),
    'database.purge': purgeDatabase(system),
    'site.align': alignSite(system),
    'site.drift': lookAtSite(system),
    'site.repair': repairSite(system),
    'site.measure': measureSite(system),
    'database.align': alignDatabase(system),
    'database.drift': lookAtDatabase(system),
    'tenant.drift': lookAtTenant(system),
    'tenant.put': putTenant(system),
    'tenant.remove': removeTenant(system),
    'tenant.restore': restoreTenant(system),
    'tenant.room': requireRoom(system),
    'tenant.purge': purgeTenant(system),
    'updates.meet': meetUpdates(system),
    'updates.look': lookForReplaced(system),
    'updates.restart': restartOwn(system),
    'updates.report': reportUpdates(system),
    'updates.status': updatesStatus(system),
    'updates.install': installUpdates(system),
    'updates.told': noteTold(system),
    'site.renew': renewSite(system),
    'bans.look': lookAtBans(system),
    'ban.put': putBan(system),
    'ban.remove': removeBan(system),
    'state.dump': dumpState(system),
    'audit.head': noteAuditHead(system),
    'audit.lines': readAuditLines(system),
  };
}
