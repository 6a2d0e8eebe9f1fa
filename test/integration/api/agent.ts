import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { startApi } from '../../../api/api.ts';
import type { QueueSettings } from '../../../api/queue-room.ts';
import type { LimitSettings } from '../../../api/rate-limits/limits.ts';
import { OperationId, ServerId } from '../../../contract/ids.ts';
import { Operation } from '../../../contract/operations.ts';
import type { ResourceType } from '../../../contract/operations.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createSecret } from '../../../runtime/secret.ts';
import { stop } from '../../../runtime/shutdown.ts';
import { claimOperation } from '../../../state/claims.ts';
import { openState } from '../../../state/connection.ts';
import { endOperation } from '../../../state/outcomes.ts';
import type { Ending } from '../../../state/outcomes.ts';
import { putServerFact } from '../../../state/server-facts.ts';
import { startServers } from '../servers.ts';
import type { Servers } from '../servers.ts';
import { SEAL } from '../../fakes/seal.ts';

export const SERVER = ServerId.parse('default');
export const TOKEN = randomBytes(32).toString('base64url');

export const WEBHOOKS = createSecret('what the secrets of webhooks are derived from');

const DEFAULTS = {
  server: SERVER,
  requestsPerToken: 100_000,
  requestsPerAddress: 100_000,
  failedLoginsPerAddress: 100_000,
  waitingOperations: 100_000,
  waitingOperationsPerTenant: 100_000,
} as const;

/** The API over its socket, on a MariaDB and a Redis of its own, and the worker's hand where a test needs it. */
export interface Agent {
  readonly servers: Servers;
  readonly socket: string;
  readonly call: (method: string, path: string, more?: Call) => Promise<Answer>;
  /** Does to an operation what the worker does, with the worker's account. */
  readonly end: (id: string, ending: Ending) => Promise<void>;
  readonly claim: (id: string) => Promise<string>;
  /** What stands in every table of the state, the audit and the uses of tokens excepted. */
  readonly snapshot: () => unknown;
  /** Everything that was logged, one JSON text a line. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

export interface Call {
  readonly body?: unknown;
  /** Sent instead of the JSON of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export async function startAgent(limits: Partial<LimitSettings & QueueSettings> = {}): Promise<Agent> {
  const servers = await startServers();
  const socket = join(servers.folder, 'api.sock');
  const lines: string[] = [];
  const logger = createLogger('api', { write: (line: string) => void lines.push(line) });
  const worker = openState(servers.state('sculptor'));
  servers.sql(`INSERT INTO sculptor.token (id, sha256, role, name)
    VALUES ('tokenoftests', '${createHash('sha256').update(TOKEN).digest('hex')}', 'administrator', 'tests')`);
  await putServerFact(worker, SERVER, { name: 'php', value: { versions: ['8.2', '8.4'], default: '8.4' } });
  await putServerFact(worker, SERVER, {
    name: 'databases',
    value: { collations: ['utf8mb4_unicode_ci'], connectionsPerAccount: 30 },
  });
  await putServerFact(worker, SERVER, { name: 'worker', value: {} });
  const steps = await startApi({
    config: {
      ...DEFAULTS,
      ...limits,
      serverName: 'machine.example',
      apiSocket: socket,
      apiPort: null,
      mysqlSocket: null,
      sealKey: SEAL.publicKey,
      webhookNetworks: '',
      panelAddresses: '203.0.113.0/24 2001:db8:1::9',
    },
    webhookKey: WEBHOOKS,
    stateLogin: servers.state('www-data'),
    redisLogin: servers.queue('api'),
    logger,
  });
  return {
    servers,
    socket,
    call: (method, path, more) => call(socket, { method, path }, more),
    claim: async (id) => (await claimOperation(worker, SERVER, OperationId.parse(id))).result,
    end: async (id, ending) => {
      const claim = await claimOperation(worker, SERVER, OperationId.parse(id));
      if (claim.result !== 'mine') throw new Error(`not to be claimed: ${JSON.stringify(claim)}`);
      await endOperation(worker, claim.operation, ending);
    },
    snapshot: createSnapshot(servers),
    log: () => lines.join(''),
    stop: async () => {
      await worker.close();
      await stop({ logger, steps, exit: () => undefined });
      await servers.stop();
    },
  };
}

export const LIVE: Ending = { status: 'succeeded', resource: 'live' };
export const GONE: Ending = { status: 'succeeded', resource: 'deleted' };

/** One request with the token of these tests, unless its headers say otherwise. */
export function call(
  socketPath: string,
  { method, path }: { readonly method: string; readonly path: string },
  { body, raw, headers = {} }: Call = {},
): Promise<Answer> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  // Node leaves the length of a DELETE's body out.
  const about =
    content === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(content)) };
  const all = { authorization: `Bearer ${TOKEN}`, ...about, ...headers };
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: all, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parse(text) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function createSnapshot({ sql }: Servers): () => unknown {
  const tables = sql(`SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
    WHERE table_schema IN ('sculptor', 'sculptor_door') AND table_type = 'BASE TABLE'
      AND table_name NOT IN ('audit', 'token_use') ORDER BY 1`).flat();
  const text = tables.map((table) => `SELECT '${table}'; SELECT * FROM ${table};`).join('\n');
  return () => sql(text);
}

/** The id of the operation that a write was answered with. */
export function operationId({ json }: Answer): string {
  return Operation.parse(json['operation']).id;
}

const Resource = z.looseObject({ id: z.string() });

/** The resource that a write was answered with. */
export function resource({ json }: Answer, noun: ResourceType): z.infer<typeof Resource> {
  return Resource.parse(json[noun]);
}

const Items = z.array(z.looseObject({ name: z.string().optional(), id: z.string() }));

export function items({ json }: Answer): z.infer<typeof Items> {
  return Items.parse(json['items']);
}

/** Where the page after this one is; nothing after the last. */
export function nextAddress(address: string, { json: { next } }: Answer): string {
  return typeof next === 'string' ? `${address}&cursor=${next}` : '';
}
