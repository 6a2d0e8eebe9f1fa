import type { Defence } from '../defence.ts';

const REQUESTS = 'test/unit/executor/requests.test.ts';
const DISPATCH = 'test/unit/executor/dispatch.test.ts';
const DESTRUCTION = 'test/unit/executor/destruction.test.ts';
const PUT = 'test/unit/executor/site-put.test.ts';
const TOOLS = 'test/machine/executor-tools.test.ts';
const REFUSED = 'what is refused changes nothing:';

const dispatch = 'worker-privileged/executor/server/dispatch.ts';
const registered = 'worker-privileged/executor/verbs/site/registered.ts';

/** In front of root: what may be asked, and what is done with it. */
export const EXECUTOR: readonly Defence[] = [
  {
    name: 'exact schemas',
    against: 'a request that brings a path or a user of its own',
    change: {
      file: 'contract/domains.ts',
      from: 'export const SiteSpec = z.strictObject({',
      to: 'export const SiteSpec = z.object({',
    },
    noticed: { file: REQUESTS, test: 'a site whose home is "/etc" is refused' },
  },
  {
    name: 'no control characters',
    against: 'a value that ends a line in a file, a log or an answer',
    change: {
      file: 'worker-privileged/executor/server/plain-text.ts',
      from: "return FORBIDDEN.test(value) ? 'it holds a control character' : null;",
      to: 'return null;',
    },
    noticed: { file: REQUESTS, test: /anywhere is refused before any schema sees it/ },
  },
  {
    name: 'one form of a request',
    against: 'a key that stands there twice: one thing to root, another to who looks on',
    change: { file: dispatch, from: 'if (JSON.stringify(parsed) !== line)', to: 'if (line === "")' },
    noticed: { file: REQUESTS, test: 'an id twice in args is no request' },
  },
  {
    name: 'longest line',
    against: 'a caller who fills root’s memory',
    change: {
      file: 'worker-privileged/executor/server/line-reader.ts',
      from: 'if (size > MAX_REQUEST_BYTES)',
      to: 'if (size < 0)',
    },
    noticed: {
      file: 'test/unit/executor/lines.test.ts',
      test: 'the reader of lines takes none that is too long',
    },
  },
  {
    name: 'UTF-8 alone',
    against: 'bytes that one reader takes for another character than the next',
    change: {
      file: 'worker-privileged/executor/server/line-reader.ts',
      from: 'fatal: true',
      to: 'fatal: false',
    },
    noticed: {
      file: 'test/unit/executor/lines.test.ts',
      test: 'the reader of lines takes none that is not UTF-8',
    },
  },
  {
    name: 'a plan without changes',
    against: 'a plan that does what it is to tell',
    change: {
      file: 'worker-privileged/executor/ensure.ts',
      from: 'if (run.plan !== undefined) return run.plan(steps);',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/ensure.test.ts',
      test: 'a plan tells the differences and changes nothing',
    },
  },
  {
    name: 'plans of certain verbs alone',
    against: 'a plan of what is done outside of steps',
    change: { file: dispatch, from: '!PLANNED.has(envelope.data.verb)', to: '!PLANNED' },
    noticed: { file: DISPATCH, test: 'a verb that is not made for it refuses a plan, before it is called' },
  },
  {
    name: 'secrets are no part of a diff',
    against: 'a plan that is asked for to read what root keeps',
    change: {
      file: 'worker-privileged/executor/differences.ts',
      from: 'kind === null || isSecret ? null',
      to: 'kind === null ? null',
    },
    noticed: {
      file: 'test/unit/executor/plans.test.ts',
      test: 'a removal, a part and what is refused are planned alike, and a secret only differs',
    },
  },
  {
    name: 'most requests at once',
    against: 'a flood that keeps the others waiting',
    change: { file: dispatch, from: 'underWay >= MOST_AT_ONCE', to: 'underWay < 0' },
    noticed: { file: DISPATCH, test: 'what is more than 64 requests under way is refused and not kept' },
  },
  {
    name: 'audit line of a refusal',
    against: 'trying until it works without anybody seeing it',
    change: { file: dispatch, from: "await audit({ event: 'refused', outcome: refused.why });", to: '' },
    noticed: {
      file: DISPATCH,
      test: 'a request that is refused is answered and noted, and the next one is served',
    },
  },
  {
    name: 'one at a time for a resource',
    against: 'two changes of one site that meet half-way',
    change: { file: dispatch, from: 'isFree ? act() : locks.during(key, act)', to: 'act()' },
    noticed: {
      file: DISPATCH,
      test: 'requests with an id hold the lock of that id, and those without one, or that ask an authority, hold none',
    },
  },
  {
    name: 'kernel lock',
    against: 'an executor behind the socket and one from sudo that do the same at once',
    change: {
      file: 'worker-privileged/executor/system/locks.ts',
      from: 'await acquire(wanted, file.fd);',
      to: 'await Promise.resolve(acquire);',
    },
    noticed: { file: TOOLS, test: 'a lock keeps two executors apart' },
  },
  {
    name: 'no folder is adopted',
    against: 'a name that hands somebody else’s files to a new site',
    change: {
      file: registered,
      from: 'if ((await system.folders.look(paths.home(spec.name))) !== null)',
      to: 'if (spec.id === spec.name as string)',
    },
    noticed: { file: PUT, test: `${REFUSED} a folder that was there is not_ours` },
  },
  {
    name: 'no user is adopted',
    against: 'a site that runs as an account of somebody else',
    change: {
      file: registered,
      from: 'if ((await system.accounts.find(userOf(spec))) !== null)',
      to: 'if (spec.id === spec.name as string)',
    },
    noticed: { file: PUT, test: `${REFUSED} a user that was there is not_ours` },
  },
  {
    name: 'no older version',
    against: 'an operation that is played back',
    change: {
      file: registered,
      from: 'if (spec.generation < entry.generation)',
      to: 'if (spec.generation < 0)',
    },
    noticed: { file: PUT, test: `${REFUSED} an older version is invalid_request` },
  },
  {
    name: 'no id twice',
    against: 'a new site with the remains of a removed one',
    change: { file: registered, from: 'if (entry.removedAt !== null)', to: 'if (entry.id === "")' },
    noticed: { file: 'test/unit/executor/site-remove.test.ts', test: 'a removed id is never a site again' },
  },
  {
    name: 'files of a site that never stood',
    against: 'what somebody has put there by then is gone without a way back',
    change: {
      file: 'worker-privileged/executor/verbs/site/unmade.ts',
      from: "return (await asSite(system, entry, ['!', '-type', 'd', '-print', '-quit']).catch(() => 'unknown')) === '';",
      to: 'return true;',
    },
    noticed: {
      file: 'test/unit/executor/site-remove.test.ts',
      test: 'a file in a folder of a folder in a site that never stood is kept in the trash',
    },
  },
  {
    name: 'what nginx has not read',
    against: 'a server block that nobody has checked, and that stops every other site’s change',
    change: {
      file: 'worker-privileged/executor/system/unread.ts',
      from: 'await (text === null ? files.remove(path) : files.replace(path, text, mode));',
      to: 'void [path, mode, text];',
    },
    noticed: {
      file: 'test/unit/executor/unread.test.ts',
      test: 'what an executor died of changing is as it was when the next one starts, of the same start',
    },
  },
  {
    name: 'no number twice',
    against: 'a new site that owns what a removed one has left behind',
    change: {
      file: 'worker-privileged/executor/system/registry.ts',
      from: 'return Math.max(FIRST_UID, ...entries.map(({ uid }) => uid + 1));',
      to: 'return entries.length === -1 ? 0 : FIRST_UID;',
    },
    noticed: {
      file: 'test/unit/executor/site-remove.test.ts',
      test: 'a number is not given a second time when the note of the next one is lost',
    },
  },
  {
    name: 'the number that was given',
    against: 'an account of the same name that somebody else has made meanwhile',
    change: {
      file: 'worker-privileged/executor/verbs/site/account.ts',
      from: 'if (found.uid === entry.uid && found.gid === entry.gid) return null;',
      to: 'if (found.uid > 0) return null;',
    },
    noticed: { file: PUT, test: `${REFUSED} a number that another user has taken meanwhile is not ours` },
  },
  {
    name: 'the server’s own name',
    against: 'a site that answers in the place of the API',
    change: {
      file: registered,
      from: 'if (namesOf(spec).every((name) => name !== system.serverName)) return;',
      to: 'if (system.serverName !== "") return;',
    },
    noticed: { file: PUT, test: `${REFUSED} the server's own name is name_taken` },
  },
  {
    name: 'nothing but plain values in files',
    against: 'a value that becomes a directive of nginx, php-fpm or Supervisor',
    change: {
      file: 'worker-privileged/executor/render/plain.ts',
      from: '/^[A-Za-z0-9._/-]{1,512}$/',
      to: '/^[^]{1,512}$/',
    },
    noticed: {
      file: 'test/unit/executor/render.test.ts',
      test: '"shop.example\\nuser=root" is rendered nowhere',
    },
  },
  {
    name: 'without root’s groups',
    against: 'a site’s program that root starts with groups of root’s',
    change: {
      file: 'worker-privileged/executor/system/as-account.ts',
      from: "      '--clear-groups',\n",
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/tools.test.ts',
      test: 'accounts do what is done for a site as the site, without groups, rights or privileges to come',
    },
  },
  {
    name: 'folders of root’s alone',
    against: 'a path below a folder that a tenant can change under root’s hands',
    change: {
      file: 'worker-privileged/executor/system/own-path.ts',
      from: 'if (stats.uid !== 0 || (stats.mode & 0o022) !== 0)',
      to: 'if (stats.uid < 0)',
    },
    noticed: {
      file: TOOLS,
      test: 'a path that others than root could change is not used: a tenant’s folder',
    },
  },
  {
    name: 'no link in the place of a folder',
    against: 'a folder that is a link to another’s when root gives it an owner',
    change: {
      file: 'worker-privileged/executor/system/folders.ts',
      from: "if (!stats.isDirectory()) throw new ForeignPathError(path, 'is not a folder');",
      to: '',
    },
    noticed: { file: TOOLS, test: 'a folder is never changed through a link' },
  },
  {
    name: 'a key is what it says',
    against: 'a line that sshd would read as something else than a key',
    change: {
      file: 'contract/ssh-keys.ts',
      from: ".refine(isKey, 'an ed25519",
      to: ".refine(() => true, 'an ed25519",
    },
    noticed: {
      file: 'test/unit/contract/ssh-keys.test.ts',
      test: 'a key with another type than is in it is refused',
    },
  },
  {
    name: 'what was removed of a site stays removed',
    against: 'a key that was taken away and comes back by a replay',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts.ts',
      from: 'if (before?.removed === true)',
      to: 'if (before === undefined)',
    },
    noticed: {
      file: 'test/unit/executor/site-parts.test.ts',
      test: 'what is removed does not come back by a replay',
    },
  },
  {
    name: 'cap of what destroys',
    against: 'who has the API and removes every site in a minute',
    change: {
      file: 'worker-privileged/executor/system/caps.ts',
      from: 'if (count >= set[limit])',
      to: 'if (count < 0)',
    },
    noticed: {
      file: DESTRUCTION,
      test: 'in an hour so many sites are removed as root allows, and no more; in the next it goes on',
    },
  },
  {
    name: 'cap of repairs',
    against: 'who has the worker and takes away, again and again, what root shuts a site in by',
    change: {
      file: 'worker-privileged/executor/verbs/drift.ts',
      from: 'await (differences.length === 0 ? repair() : system.caps.repair(id, repair));',
      to: 'await repair();',
    },
    noticed: {
      file: 'test/unit/executor/drift.test.ts',
      test: 'so often in an hour as root allows a site is repaired, and no more: what root shuts it in by then stays',
    },
  },
  {
    name: 'a dump is dropped from only when it is whole',
    against: 'a removal of which nothing is kept',
    change: {
      file: 'worker-privileged/executor/verbs/database.ts',
      from: 'closed(system, entry), shapeNoted(system, entry), ...dumped(system, entry)',
      to: 'closed(system, entry), shapeNoted(system, entry)',
    },
    noticed: {
      file: 'test/unit/executor/database-trash.test.ts',
      test: 'a removed database is gone with its accounts, and what it was lies in the trash',
    },
  },
  {
    name: 'a dump’s client takes SQL for all there is',
    against: 'a tenant who names a table so that bringing it back starts a program',
    change: {
      file: 'worker-privileged/executor/system/play-back.ts',
      from: "        '--binary-mode',\n        '--sandbox',\n",
      to: '',
    },
    noticed: {
      file: 'test/attack/dumps.test.ts',
      test: 'row 16: a dump in whose place somebody has put another is no program, no file and no other login to the client',
    },
  },
  {
    name: 'grace before the purge',
    against: 'a removal that nobody can take back',
    change: {
      file: 'worker-privileged/executor/verbs/grace.ts',
      from: 'if (system.now().getTime() >= Date.parse(due)) return;',
      to: 'if (due !== "") return;',
    },
    noticed: {
      file: DESTRUCTION,
      test: 'what was removed is purged when its grace is over, by the clock of this side, and not before',
    },
  },
  {
    name: 'protected',
    against: 'the removal of what shall stay whatever anybody asks',
    change: {
      file: 'worker-privileged/executor/verbs/site/destruction.ts',
      from: 'if (!entry.protected) return;',
      to: 'if (entry.id !== "") return;',
    },
    noticed: { file: DESTRUCTION, test: 'what is protected is not removed' },
  },
  {
    name: 'protection stays',
    against: 'a change that forgets the protection first',
    change: {
      file: registered,
      from: 'protected: entry.protected || spec.protected,',
      to: 'protected: spec.protected,',
    },
    noticed: { file: DESTRUCTION, test: 'a protection stays when it is not asked for any more' },
  },
  {
    name: 'nothing more for a claim that is lost',
    against: 'a worker that hung, and does again what another has done since',
    change: {
      file: 'worker-privileged/executor/server/fence.ts',
      from: 'epoch >= (await claims.latest(operation))) return;',
      to: 'epoch >= 0 * (await claims.latest(operation))) return;',
    },
    noticed: {
      file: 'test/unit/executor/dispatch.test.ts',
      test: 'what waits for its turn is not done where the operation was claimed anew meanwhile, nor what comes later of the old claim',
    },
  },
  {
    name: 'claims outlast an executor',
    against: 'a worker that hung, whose request comes when the executor was started anew',
    change: {
      file: 'worker-privileged/executor/system/claims.ts',
      from: 'await (await open(`${of(operation)}/${epoch}`,',
      to: 'await (await open(`${folder}/${epoch}`,',
    },
    noticed: {
      file: 'test/unit/executor/claims.test.ts',
      test: 'an executor that was started anew, and one beside it, know of the last claim',
    },
  },
  {
    name: 'still the last claim when the lock is had',
    against: 'a worker that hung, and whose request waits for a site while another does the same',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts/locked.ts',
      from: 'await run.stillAsked?.();',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/locked.test.ts',
      test: 'what has its turn when the operation was claimed anew does nothing, and takes nothing back',
    },
  },
];
