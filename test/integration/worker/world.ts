import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { z } from 'zod';
import { HealthSettings } from '../../../contract/alarms.ts';
import { ServerId } from '../../../contract/ids.ts';
import type { OperationId } from '../../../contract/ids.ts';
import { ENDED, REDIS_PREFIX } from '../../../contract/operations.ts';
import type { OperationStatus } from '../../../contract/operations.ts';
import { createLogger } from '../../../runtime/logger.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { workerConnection } from '../../../runtime/redis.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { createDatabaseDoor } from '../../../worker-privileged/database-door.ts';
import { createExecutorDoor } from '../../../worker-privileged/executor-door.ts';
import { startWorker } from '../../../worker-privileged/worker.ts';
import { startFakeExecutor } from '../../fakes/executor-server.ts';
import type { Answer, FakeExecutor } from '../../fakes/executor-server.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';

/** A worker as it runs on a server, but for the two programs it speaks to: executor and nginx are the test's. */
export interface World {
  readonly servers: Servers;
  readonly api: State;
  readonly executor: FakeExecutor;
  readonly nginx: FakeNginx;
  readonly queue: Queue;
  /** What the worker's log said, a record a line. */
  readonly log: readonly LogLine[];
  readonly startWorker: (sweepEveryMs?: number, finishMs?: number) => RunningWorker;
  /** Ends every worker that still runs, and forgets what they said. */
  readonly stopWorkers: () => Promise<void>;
  readonly row: (id: OperationId) => Promise<OperationRow>;
  readonly steps: (id: OperationId) => Promise<string[]>;
  readonly ended: (id: OperationId) => Promise<OperationRow>;
  readonly stop: () => Promise<void>;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [fact: string]: unknown;
}

export type RunningWorker = ReturnType<typeof startWorker>;

const OperationRow = z.object({
  status: z.string(),
  epoch: z.number(),
  attempt: z.number(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  startedAt: z.date().nullable(),
  endedAt: z.date().nullable(),
});
export type OperationRow = z.infer<typeof OperationRow>;

export const server = ServerId.parse('default');

export async function startWorld(answer: Answer = live): Promise<World> {
  const servers = await startServers();
  const api = openState(servers.state('www-data'));
  const executor = await startFakeExecutor(join(servers.folder, 'executor.sock'), answer);
  const nginx = await startFakeNginx(join(servers.folder, 'probe.sock'));
  const queue = new Queue(`privileged-${server}`, {
    connection: workerConnection(servers.queue('test')),
    prefix: REDIS_PREFIX,
  });
  queue.on('error', () => undefined);
  const log: LogLine[] = [];
  const logger = loggerInto(log);
  const workers = new Set<RunningWorker>();

  async function row(id: OperationId): Promise<OperationRow> {
    const text = `SELECT status, epoch, attempt, error_code AS code, error_message AS message,
      started_at AS startedAt, ended_at AS endedAt FROM operation WHERE id = ?`;
    return (await api.rows(OperationRow, text, [id]))[0]!;
  }

  async function stopWorkers(): Promise<void> {
    await Promise.all([...workers].map((worker) => worker.stop()));
    workers.clear();
    log.length = 0;
  }

  return {
    ...{ servers, api, executor, nginx, queue, log, row },
    startWorker: (sweepEveryMs, finishMs) => {
      const worker = startOne(servers, logger, { sweepEveryMs, finishMs });
      workers.add(worker);
      return { stop: () => worker.stop().then(() => void workers.delete(worker)) };
    },
    steps: async (id) => {
      const text =
        'SELECT name, status, changed FROM operation_step WHERE operation_id = ? ORDER BY epoch, position';
      const Row = z.object({ name: z.string(), status: z.string(), changed: z.number() });
      const rows = await api.rows(Row, text, [id]);
      return rows.map(({ name, status, changed }) => `${name}: ${status}${changed === 1 ? ', changed' : ''}`);
    },
    ended: async (id) => {
      for (;;) {
        const now = await row(id);
        if (ENDED.has(now.status as OperationStatus)) return now;
        await pause(10);
      }
    },
    stopWorkers,
    stop: async () => {
      await stopWorkers();
      await Promise.all([queue.close(), api.close(), executor.stop(), nginx.stop()]);
      await servers.stop();
    },
  };
}

interface Times {
  readonly sweepEveryMs: number | undefined;
  readonly finishMs: number | undefined;
}

function startOne(
  servers: Servers,
  logger: Logger,
  { sweepEveryMs = 10_000, finishMs }: Times,
): RunningWorker {
  const executor = createExecutorDoor({
    executor: 'socket',
    executorSocket: join(servers.folder, 'executor.sock'),
  });
  const { socketPath, user, password } = servers.state('sculptor');
  const door = createDatabaseDoor({ socketPath, user, password });
  const worker = startWorker({
    config: { server, serverName: 'machine.example', probeSocket: join(servers.folder, 'probe.sock') },
    // What nginx is asked here, the test counts.
    healthSettings: () => Promise.resolve(HealthSettings.parse({ siteCheckMinutes: 0 })),
    stateLogin: servers.state('sculptor'),
    redisLogin: servers.queue('worker-privileged'),
    executor,
    door,
    version: '0.0.0-test',
    logger,
    sweepEveryMs,
    ...(finishMs === undefined ? {} : { finishMs }),
    probeBoundMs: 1000,
  });
  return {
    stop: async () => {
      await worker.stop();
      executor.close();
      await door.close();
    },
  };
}

function loggerInto(log: LogLine[]): Logger {
  return createLogger('worker-privileged', {
    write: (line) => void log.push(JSON.parse(line) as LogLine),
  });
}

export const PURGE_AFTER = '2099-01-01T00:00:00.000Z';

/** A site that the executor makes answers with its id; one that it removed does not answer. */
export const live: Answer = (request, tell) => {
  if (request.verb === 'tenant.room') return {};
  tell({ name: `${request.verb} done`, status: 'succeeded', changed: true, durationMs: 1 });
  const args = request.args as { id: string; name: string };
  if (request.verb === 'server.facts')
    return { phpVersions: ['8.4', '8.2', '8.10'], hostname: 'machine', timeZone: 'UTC' };
  if (request.verb === 'crons.look') return { crons: [] };
  if (request.verb === 'database.remove') return { purgeAfter: PURGE_AFTER };
  if (request.verb.startsWith('database.')) return {};
  if (request.verb === 'site.remove') return { probes: [], purgeAfter: PURGE_AFTER };
  if (request.verb === 'site.purge') return {};
  const expect = { status: 200, body: args.id };
  return { probes: [{ host: args.name, path: '/.sculptor/site', expect }] };
};

export interface FakeNginx {
  /** What a host answers; null ends the connection without an answer. Unknown hosts are closed too. */
  readonly serve: (host: string, page: { status: number; body: string } | null) => void;
  readonly asked: readonly string[];
  readonly stop: () => Promise<unknown>;
}

async function startFakeNginx(socketPath: string): Promise<FakeNginx> {
  const pages = new Map<string, { status: number; body: string } | null>();
  const asked: string[] = [];
  const http: Server = createServer((request, response) => {
    const host = request.headers.host ?? '';
    asked.push(`${host}${request.url ?? ''}`);
    const page = pages.get(host) ?? null;
    if (page === null) request.socket.destroy();
    else response.writeHead(page.status).end(page.body);
  });
  await new Promise<void>((resolve) => http.listen(socketPath, resolve));
  return {
    serve: (host, page) => void pages.set(host, page),
    asked,
    stop: () => new Promise((resolve) => http.close(resolve)),
  };
}
