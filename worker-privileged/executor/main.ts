// SECURITY. Root. Reads lines of JSON from whoever started it through sudo, or from the socket that systemd made
// for the worker's user alone; both are taken for an attacker. Does what stands in the table below and nothing
// else. A request holds ids and validated fields, never a path, an argument list or configuration text: what is
// touched is derived from ids, this process's own registry and constants. It takes no argument, reads nothing of
// the environment but what systemd handed over, reads /etc/sculptor/agent.json, uses no network but
// local sockets, and imports node, contract/ and zod only. A bad request is answered, noted, and the next is read.
import { createAudit } from './server/audit.ts';
import { createDispatch } from './server/dispatch.ts';
import { giveSignsOfLife, readHandedOver } from './server/handed-over.ts';
import { serveSocket, serveStandardInput } from './server/serve.ts';
import { readConfig } from './system/config.ts';
import { StoppingError } from './ensure.ts';
import { foldersOfDrafts, sweepDrafts } from './system/drafts.ts';
import { createFiles } from './system/files.ts';
import { causeOf, createLog } from './system/log.ts';
import { ensureOwnFolders } from './system/own-folders.ts';
import { createRequireRoom } from './system/room.ts';
import { createSystem } from './system/system.ts';
import { cacheUsages } from './verbs/caches.ts';
import { measureSite, requireRoom } from './verbs/disk.ts';
import { alignDatabase, alignSite } from './verbs/align.ts';
import {
  lookAtCertificates,
  putCertificate,
  removeCertificate,
  renewCertificate,
} from './verbs/certificates.ts';
import { collateDatabase, protectDatabase, removeDatabase } from './verbs/database.ts';
import { purgeDatabase, restoreDatabase } from './verbs/database-trash.ts';
import { cronOutput, lookAtCrons, runCron } from './verbs/crons.ts';
import { forgetRun, startRun, stopRun } from './verbs/run.ts';
import { lookAtPrograms, readOutput, restartQueue } from './verbs/programs.ts';
import { serverFacts } from './verbs/server.ts';
import { putSite, removeSite } from './verbs/site.ts';
import { moveSite } from './verbs/site-move.ts';
import { purgeSite, restoreSite } from './verbs/site-trash.ts';
import { putPart, removePart } from './verbs/site-parts.ts';
import { purgeTenant, putTenant, removeTenant, restoreTenant } from './verbs/tenant.ts';
import type { VerbTable } from './verbs/table.ts';

/** After SIGTERM: how long what is under way may go on, and how long the step that it is at then; systemd waits 30 s. */
const FINISH_MS = 10_000;
const STEP_MS = 15_000;

if (process.argv.length > 2) {
  process.stderr.write('the executor takes no argument\n');
  process.exit(2);
}
const handedOver = readHandedOver(process.env, process.pid);
for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
process.umask(0o022);
process.chdir('/');
process.stderr.on('error', () => undefined);
const stop = new AbortController();
const halt = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    stop.abort();
    setTimeout(() => halt.abort(new StoppingError()), FINISH_MS);
    // Whoever waits for an answer hears that there is none, and asks the next one.
    setTimeout(() => process.exit(0), FINISH_MS + STEP_MS);
  });
}
process.on('SIGHUP', () => undefined);

const log = createLog((line) => process.stderr.write(line));
const system = createSystem(await readConfig(createFiles()));
await ensureOwnFolders(system.folders);
await sweepDrafts(await foldersOfDrafts()).catch((cause: unknown) =>
  log('error', 'what an executor that was killed has left cannot be removed', causeOf(cause)),
);
const verbs: VerbTable = {
  'server.facts': serverFacts(system),
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
  'site.measure': measureSite(system),
  'database.align': alignDatabase(system),
  'tenant.put': putTenant(system),
  'tenant.remove': removeTenant(system),
  'tenant.restore': restoreTenant(system),
  'tenant.room': requireRoom(system),
  'tenant.purge': purgeTenant(system),
};
const audit = createAudit(log);
const dispatch = createDispatch({
  ...{ verbs, audit, log },
  locks: system.locks,
  requireRoom: createRequireRoom(),
  halt: halt.signal,
});
const serving = { dispatch, audit, stop: stop.signal };
giveSignsOfLife(handedOver, log);
const { listenFd } = handedOver;
// It is the only one behind the socket: what asks an authority since before it began is waited for by nobody.
if (listenFd !== null)
  await system.acme
    .forgetAll()
    .catch((cause: unknown) => log('error', 'what asks an authority cannot be ended', causeOf(cause)));
await (listenFd === null ? serveStandardInput(serving) : serveSocket(serving, listenFd));
// A caller that stays connected and says nothing more keeps no process alive.
process.exit(0);
