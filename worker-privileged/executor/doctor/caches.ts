import { lstatSync } from 'node:fs';
import { CACHE_SOCKET, CacheUsages } from '../../../contract/caches.ts';
import { USAGE_KEY } from '../render/cache.ts';
import { cacheFiles, readCacheRegister, type CacheRegister } from '../system/cache-files.ts';
import { withCacheRedis } from '../system/cache-redis.ts';
import { createFiles } from '../system/files.ts';
import { connectRedis } from '../system/resp.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { ownerOf } from './people.ts';
import type { Process } from './process-list.ts';
import type { Server } from './server.ts';

const RESTART =
  'Run systemctl restart sculptor-cache, or supervisorctl restart sculptor-cache; what the caches hold is lost, and made again.';
const RESTART_KEEPER =
  'Run systemctl restart sculptor-cache-keeper, or supervisorctl restart sculptor-cache-keeper; its log tells more.';
const ASK_AGAIN = 'Run sculptorctl cache update for a site that has one: all of it is written anew.';

/** Silence for this long means that nobody measures. */
const LONGEST_SILENCE_MS = 120_000;

const files = createFiles();
const tools = { files, connect: connectRedis };

/** Where no site has a cache, nothing of them runs; where one has, its files, its socket and its keeper are in order. */
export const caches: Check = async (server) => {
  const register = await readCacheRegister({ files });
  if (register.size === 0) return lstatSync(CACHE_SOCKET, { throwIfNoEntry: false }) ? [needless()] : [];
  const socket = await socketAsItShould(server);
  return [
    ...(await filesAsRendered(register)),
    ...socket,
    ...(socket.length > 0 ? [] : await answers(server)),
    ...kept(await server.processes()),
  ];
};

function needless(): Found {
  return wrong(
    "The caches' Redis runs, and no site has a cache.",
    'Run systemctl disable --now sculptor-cache, or supervisorctl stop sculptor-cache.',
  );
}

async function filesAsRendered(register: CacheRegister): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const [path, text] of await cacheFiles(tools, register))
    if ((await files.read(path)) !== text)
      found.push(wrong(`${path} is not as the agent wrote it.`, ASK_AGAIN));
  return found;
}

async function socketAsItShould(server: Server): Promise<readonly Found[]> {
  const stats = lstatSync(CACHE_SOCKET, { throwIfNoEntry: false });
  if (stats === undefined)
    return [wrong(`${CACHE_SOCKET} is not there: no site reaches its cache.`, RESTART)];
  const is = `${ownerOf(await server.people(), stats)} ${(stats.mode & 0o7777).toString(8)}`;
  const should = 'sculptor-cache:sculptor-cache 666';
  return is === should ? [] : [wrong(`${CACHE_SOCKET} is ${is} and should be ${should}.`, RESTART)];
}

async function answers(server: Server): Promise<readonly Found[]> {
  const found: Found[] = [];
  const letIn = await connectRedis({ socketPath: CACHE_SOCKET, username: 'default', password: '' }).catch(
    () => null,
  );
  letIn?.close();
  if (letIn !== null) found.push(wrong("The caches' Redis lets in whoever has no account.", RESTART));
  const said = await withCacheRedis(tools, ({ call }) => call('GET', USAGE_KEY));
  const usages = said === null ? undefined : CacheUsages.safeParse(JSON.parse(String(said))).data;
  // Of one that has just been started nothing was measured yet.
  const last = usages === undefined ? lstatSync(CACHE_SOCKET).mtime : new Date(usages.observedAt);
  return [...found, ...measuredLately(last, server.now())];
}

/** It would be some minutes until that is seen by what it measures. */
function kept(processes: readonly Process[]): readonly Found[] {
  if (processes.some(({ command }) => command.includes('/executor/keeper/main.js'))) return [];
  return [wrong("The caches' keeper does not run.", RESTART_KEEPER)];
}

export function measuredLately(last: Date, now: Date): readonly Found[] {
  if (now.getTime() - last.getTime() < LONGEST_SILENCE_MS) return [];
  return [
    wrong("Nobody measures what the sites' caches hold: one can take the room of all.", RESTART_KEEPER),
  ];
}
