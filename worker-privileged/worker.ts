import { dirname, join } from 'node:path';
import { HealthSettings } from '../contract/alarms.ts';
import type { Config } from '../runtime/config.ts';
import type { Logger } from '../runtime/logger.ts';
import { connectRedis, workerConnection } from '../runtime/redis.ts';
import type { RedisLogin } from '../runtime/redis.ts';
import { repeat } from '../runtime/repeat.ts';
import { createWakeUps } from '../runtime/wake-ups.ts';
import { openState } from '../state/connection.ts';
import type { StateLogin } from '../state/connection.ts';
import { createCacheWatch } from './cache-watch.ts';
import { createCheckingSites } from './checking-sites.ts';
import type { DatabaseDoor } from './database-door.ts';
import type { Executor } from './executor-calls.ts';
import { createHeartbeat } from './heartbeat.ts';
import { createForgettingPlans } from './forgetting-plans.ts';
import { createForgettingRuns } from './forgetting-runs.ts';
import { createForgettingWebhooks } from './forgetting-webhooks.ts';
import { createHandlers } from './operations.ts';
import { createMakingRoom } from './making-room.ts';
import { createMeasuring } from './measuring.ts';
import { createMeasuringSites } from './measuring-sites.ts';
import { createKeepingAudit } from './keeping-audit.ts';
import { createKeepingCertificates } from './keeping-certificates.ts';
import { createKeepingRoom } from './keeping-room.ts';
import { createKnowingBans } from './knowing-bans.ts';
import { createKnowingUpdates } from './knowing-updates.ts';
import { createKeepingStateDump } from './keeping-state-dump.ts';
import { createOverdue } from './overdue.ts';
import { CRONS, QUEUES } from './observed-kinds.ts';
import { createObserving } from './observing.ts';
import { createPauses } from './pauses.ts';
import { createAskPage, isOfTls } from './probe.ts';
import { askCertificate } from './probe-tls.ts';
import { askOnce } from './probe-request.ts';
import { createPublish } from './progress.ts';
import { createPurging } from './purging.ts';
import { createQueue } from './queue.ts';
import { createRenewing } from './renewing.ts';
import { createRunOperation } from './run-operation.ts';
import { createSealingAudit } from './sealing-audit.ts';
import { createSweep } from './sweep.ts';
import { createTellingUpdates } from './telling-updates.ts';
import { createHealthSettings } from './health-settings.ts';
import { askSite } from './site-request.ts';
import { createWatchingHealth } from './watching-health.ts';
import { createWatchingDrift } from './watching-drift.ts';
import { createWorkerLock } from './worker-lock.ts';

const SWEEP_EVERY_MS = 10_000;
const LOOK_AT_CLOCK_EVERY_MS = 1000;
const PURGE_EVERY_MS = 60_000;
const MEASURE_EVERY_MS = 60_000;
const LOOK_AT_CACHES_EVERY_MS = 30_000;
const OBSERVE_EVERY_MS = 3000;
const LOOK_AT_CERTIFICATES_EVERY_MS = 60_000;
const LOOK_FOR_DRIFT_EVERY_MS = 60_000;
const LOOK_AT_HEALTH_EVERY_MS = 60_000;
const CHECK_SITES_EVERY_MS = 15_000;
const KNOW_BANS_EVERY_MS = 1000;
const KEEP_ROOM_EVERY_MS = 1000;
const KEEP_STATE_DUMP_EVERY_MS = 60_000;
const MAKE_ROOM_EVERY_MS = 1000;
const RENEW_EVERY_MS = 1000;
const SEAL_AUDIT_EVERY_MS = 1000;
const KEEP_AUDIT_EVERY_MS = 10_000;

export interface WorkerParts {
  readonly config: Pick<Config, 'server' | 'serverName' | 'probeSocket'> & Partial<Pick<Config, 'drift'>>;
  readonly stateLogin: StateLogin;
  readonly redisLogin: RedisLogin;
  readonly executor: Executor;
  readonly door: DatabaseDoor;
  readonly version: string;
  /** What root has set of alarms and of what sites are asked; as usual where it is not given. */
  readonly healthSettings?: () => Promise<HealthSettings>;
  readonly logger: Logger;
  readonly sweepEveryMs?: number;
  readonly purgeEveryMs?: number;
  readonly measureEveryMs?: number;
  readonly healthEveryMs?: number;
  readonly observeEveryMs?: number;
  readonly keepAuditEveryMs?: number;
  readonly probeBoundMs?: number;
  readonly finishMs?: number;
}

export interface RunningWorker {
  /** Takes no more, waits for what is under way, and closes what it opened. */
  readonly stop: () => Promise<void>;
}

/** Puts the parts together and sets them going. Whatever is away now is waited for. */
export function startWorker(parts: WorkerParts): RunningWorker {
  const { config, executor, door, logger } = parts;
  const { server } = config;
  const state = openState(parts.stateLogin);
  const session = openState({ ...parts.stateLogin, connections: 1 });
  const redis = connectRedis(parts.redisLogin, logger);
  const wakeUps = createWakeUps({ redis, server, logger });
  const pauses = createPauses();
  const askPage = createAskPage({
    ask: (probe) =>
      isOfTls(probe)
        ? askCertificate(join(dirname(config.probeSocket), 'https.sock'), probe.host)
        : askOnce(config.probeSocket, probe),
    ...(parts.probeBoundMs === undefined ? {} : { boundMs: parts.probeBoundMs }),
  });
  const handlers = createHandlers({ ...parts, state, askPage, serverName: config.serverName });
  const publish = createPublish(redis, logger);
  const minding = {
    ...{ executor, logger },
    isActive: () => sweep.isActive(),
    isBusy: () => operations.isBusy(),
  };
  const renewing = createRenewing({
    ...minding,
    isActive: () => sweep.isActive() && room.isUnderWay() === false,
  });
  const goOn = () => {
    renewing.noteUpdate();
    telling.noteUpdate();
    knowing.noteUpdate();
    return sweep.once();
  };
  const room = createMakingRoom({ ...minding, goOn });
  const mayBegin = async () => (await room.mayBegin()) && renewing.mayBegin();
  const operations = createRunOperation({
    ...{ server, state, handlers, wakeUps, publish, pauses, logger, mayBegin },
    ...(parts.finishMs === undefined ? {} : { finishMs: parts.finishMs }),
  });
  const queue = createQueue({
    connection: workerConnection(parts.redisLogin),
    server,
    offer: operations.offer,
    logger,
  });
  const lock = createWorkerLock(state, session, server);
  const { offer, isRunning } = operations;
  const overdue = createOverdue({ offer, logger });
  const sweep = createSweep({ server, state, lock, queue, wakeUps, isRunning, pauses, overdue, logger });
  const watching = { server, state, executor, door, isActive: sweep.isActive, logger };
  // What is half replaced would be taken for drifted, and accounts are made by packages too.
  const between = { ...watching, isActive: () => sweep.isActive() && room.isUnderWay() === false };
  const telling = createTellingUpdates({
    ...{ ...between, askPage, serverName: config.serverName },
    isActive: () => between.isActive() && renewing.isOver(),
  });
  const knowing = createKnowingUpdates(between);
  const settings = createHealthSettings(
    parts.healthSettings ?? (() => Promise.resolve(HealthSettings.parse({}))),
    logger,
  );
  const raising = { ...between, serverName: config.serverName };
  const health = createWatchingHealth({
    ...raising,
    isActive: sweep.isActive,
    rules: async () => (await settings()).alarms,
  });
  const httpsSocket = join(dirname(config.probeSocket), 'https.sock');
  const checking = createCheckingSites({
    ...{ ...raising, settings, awake: health.awake },
    ask: (host) => askSite(config.probeSocket, host),
    askCertificate: (host) => askCertificate(httpsSocket, host),
  });
  const rounds = [
    repeat(parts.sweepEveryMs ?? SWEEP_EVERY_MS, sweep.once),
    repeat(
      LOOK_AT_CLOCK_EVERY_MS,
      createHeartbeat({ ...watching, version: parts.version, isUpdating: () => room.isUnderWay() === true }),
    ),
    repeat(parts.purgeEveryMs ?? PURGE_EVERY_MS, createPurging(between)),
    repeat(parts.measureEveryMs ?? MEASURE_EVERY_MS, createMeasuring(watching)),
    repeat(parts.measureEveryMs ?? MEASURE_EVERY_MS, createMeasuringSites(watching)),
    repeat(parts.observeEveryMs ?? OBSERVE_EVERY_MS, createObserving(watching, QUEUES)),
    repeat(parts.observeEveryMs ?? OBSERVE_EVERY_MS, createObserving(watching, CRONS)),
    repeat(KEEP_ROOM_EVERY_MS, createKeepingRoom(watching)),
    repeat(KEEP_STATE_DUMP_EVERY_MS, createKeepingStateDump({ ...between, serverName: config.serverName })),
    repeat(MAKE_ROOM_EVERY_MS, room.once),
    repeat(RENEW_EVERY_MS, renewing.once),
    repeat(RENEW_EVERY_MS, telling.once),
    repeat(RENEW_EVERY_MS, knowing.once),
    repeat(KNOW_BANS_EVERY_MS, createKnowingBans(watching)),
    repeat(SEAL_AUDIT_EVERY_MS, createSealingAudit(watching)),
    repeat(parts.keepAuditEveryMs ?? KEEP_AUDIT_EVERY_MS, createKeepingAudit(watching)),
    repeat(LOOK_AT_CERTIFICATES_EVERY_MS, createKeepingCertificates(watching)),
    repeat(LOOK_AT_CACHES_EVERY_MS, createCacheWatch(watching)),
    repeat(PURGE_EVERY_MS, createForgettingRuns(watching)),
    repeat(parts.purgeEveryMs ?? PURGE_EVERY_MS, createForgettingPlans(watching)),
    repeat(parts.healthEveryMs ?? LOOK_AT_HEALTH_EVERY_MS, health.once),
    repeat(parts.healthEveryMs ?? CHECK_SITES_EVERY_MS, checking),
    repeat(parts.purgeEveryMs ?? PURGE_EVERY_MS, createForgettingWebhooks(watching)),
    repeat(
      LOOK_FOR_DRIFT_EVERY_MS,
      createWatchingDrift({ ...between, askPage, policy: config.drift ?? 'report' }),
    ),
  ];

  return {
    stop: async () => {
      await Promise.all(rounds.map(({ stop }) => stop()));
      await Promise.all([queue.close(), overdue.stop()]);
      await operations.stop();
      await wakeUps.close();
      redis.disconnect();
      await Promise.all([state.close(), session.close()]);
    },
  };
}
