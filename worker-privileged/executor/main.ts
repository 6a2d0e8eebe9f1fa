// SECURITY. Root. Reads lines of JSON from whoever started it through sudo, or from the socket that systemd made
// for the worker's user alone; both are taken for an attacker. Does what stands in the table of verbs/all.ts and
// nothing else. A request holds ids and validated fields, never a path, an argument list or configuration text: what is
// touched is derived from ids, this process's own registry and constants. It takes no argument, reads nothing of
// the environment but what systemd handed over, reads /etc/sculptor/agent.json, uses no network but
// local sockets, and imports node, contract/ and zod only. A bad request is answered, noted, and the next is read.
import { createAudit } from './server/audit.ts';
import { createDispatch } from './server/dispatch.ts';
import { createFence } from './server/fence.ts';
import { giveSignsOfLife, readHandedOver } from './server/handed-over.ts';
import { serveSocket, serveStandardInput } from './server/serve.ts';
import { createClaims } from './system/claims.ts';
import { readConfig } from './system/config.ts';
import { StoppingError } from './ensure.ts';
import { foldersOfDrafts, sweepDrafts } from './system/drafts.ts';
import { createFiles } from './system/files.ts';
import { causeOf, createLog } from './system/log.ts';
import { ensureOwnFolders } from './system/own-folders.ts';
import { lookingOnly } from './system/looking-only.ts';
import { paths } from './system/paths.ts';
import { createRequireRoom } from './system/room.ts';
import { createSystem } from './system/system.ts';
import { createVerbs } from './verbs/all.ts';
import { takeUpPorts } from './verbs/site-parts/public-port.ts';
import { purgeNobodysTrash } from './verbs/nobodys-trash.ts';

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
  process.on(signal, () => {
    if (stop.signal.aborted) return;
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
await system.nginx
  .putBack()
  .catch((cause: unknown) => log('error', 'what nginx was to read cannot be put back', causeOf(cause)));
void takeUpPorts(system).catch((cause: unknown) =>
  log('error', 'the rules for public ports cannot be taken up', causeOf(cause)),
);
void purgeNobodysTrash(system).catch((cause: unknown) =>
  log('error', 'what lies in the trash and is nobody’s cannot be removed', causeOf(cause)),
);
const audit = createAudit(log, system.auditLog);
const { locks, files } = system;
const dispatch = createDispatch({
  ...{ verbs: createVerbs(system), locks, audit, log },
  fence: createFence(createClaims(paths.claims), log),
  planning: { verbs: createVerbs(lookingOnly(system)), files },
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
