// SECURITY. Runs as `sculptor-cache`, like the Redis that it keeps, and has nothing but that: its account there, a
// socket to it, and the file in which root says how much each site may hold. Beside Redis it reads no word of a
// site's: keys are counted and dropped inside. Whoever took it has the sites' caches, and would have them with Redis.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { CACHE_SOCKET, CacheMemory } from '../../../contract/caches.ts';
import { DomainId } from '../../../contract/ids.ts';
import { rest } from './rest.ts';
import { createKeeper, type Shares } from './round.ts';
import { giveSignsOfLife, readHandedOver } from '../server/handed-over.ts';
import { causeOf, createLog } from '../system/log.ts';
import { paths } from '../system/paths.ts';
import { connectRedis, type Redis } from '../system/resp.ts';

/** Under Supervisor it is handed over as this descriptor, of a file that is not this process's to open. */
const PASSWORD_FOLDER = process.env['CREDENTIALS_DIRECTORY'];
const HANDED_OVER_FD = 3;
/** Between two rounds; the longer a round took, the longer, so that Redis is the sites' most of the time. */
const PAUSE_MS = 500;
const PAUSE_FACTOR = 3;

const log = createLog((line) => process.stderr.write(line));
giveSignsOfLife(readHandedOver(process.env, process.pid), log);
const password = (
  PASSWORD_FOLDER === undefined
    ? readFileSync(HANDED_OVER_FD, 'utf8')
    : readFileSync(`${PASSWORD_FOLDER}/keeper`, 'utf8')
).trim();
const keeper = createKeeper(() => Date.now());
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));

let redis: Redis | null = null;
for (;;) {
  const started = performance.now();
  try {
    redis ??= await connectRedis({ socketPath: CACHE_SOCKET, username: 'keeper', password });
    await keeper.round(redis, await readShares());
    await rest(redis, Math.max(PAUSE_MS, (performance.now() - started) * PAUSE_FACTOR));
  } catch (cause) {
    log('error', 'the caches were not measured', causeOf(cause));
    redis?.close();
    redis = null;
    await pause(PAUSE_MS);
  }
}

async function readShares(): Promise<Shares> {
  const text = await readFile(paths.cacheShares, 'utf8');
  return new Map(z.array(z.tuple([DomainId, CacheMemory])).parse(JSON.parse(text)));
}
