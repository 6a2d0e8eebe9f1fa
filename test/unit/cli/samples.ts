import type { Operation } from '../../../cli/answers.ts';
import { DEFAULT_OPTIONS } from '../../../contract/site-options.ts';

export const OPERATION_ID = 'oabcdefghij123456789';

export const DOMAIN = {
  id: 'dabcdefghij1',
  name: 'shop.example',
  aliases: ['www.shop.example'],
  type: 'php',
  phpVersion: '8.2',
  publicDirectory: 'public',
  options: DEFAULT_OPTIONS,
  phpLimits: { memoryBytes: null, seconds: 60, uploadBytes: null, processes: null },
  isolation: 'site',
  enabled: true,
  protected: false,
  tenant: 'default',
  server: 'default',
  generation: 1,
  status: 'live',
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:06.789Z',
};

export const DATABASE = {
  id: 'babcdefghij1',
  name: 'shop',
  charset: 'utf8mb4',
  collation: 'utf8mb4_unicode_ci',
  size: { data: 1_500_000, index: 500, measuredAt: '2026-01-02T03:04:05.678Z' },
  protected: false,
  tenant: 'default',
  server: 'default',
  generation: 1,
  status: 'live',
  createdAt: '2026-01-02T03:04:05.678Z',
  updatedAt: '2026-01-02T03:04:06.789Z',
};

export const DATABASE_USER = {
  ...DATABASE,
  id: 'uabcdefghij1',
  name: 'shop_user',
  database: DATABASE.id,
  privileges: 'all',
  maxConnections: null,
};

export const STEPS = [
  { name: 'account', status: 'succeeded', changed: true, durationMs: 21.4 },
  { name: 'folders', status: 'succeeded', changed: false, durationMs: 1.25 },
] as const;

/** An operation as the API shows it; what is not given is that of a finished `domain.create`. */
export function operation(more: object = {}): Operation {
  return {
    id: OPERATION_ID,
    kind: 'domain.create',
    status: 'succeeded',
    resource: { type: 'domain', id: DOMAIN.id, name: DOMAIN.name },
    generation: 1,
    tenant: 'default',
    server: 'default',
    steps: STEPS,
    error: null,
    attempt: 1,
    createdAt: '2026-01-02T03:04:05.678Z',
    startedAt: '2026-01-02T03:04:05.700Z',
    endedAt: '2026-01-02T03:04:06.789Z',
    ...more,
  } as unknown as Operation;
}

export function event(of: object): string {
  return `event: operation\ndata: ${JSON.stringify(of)}\n\n`;
}

/** What the API answers a write with, and its stream of events up to that end. */
export function accepted(body: object = {}): { status: number; body: object } {
  const { id, kind, resource, createdAt } = operation();
  return { status: 202, body: { operation: { id, kind, status: 'queued', resource, createdAt }, ...body } };
}

export const EVENTS = `GET /v1/operations/${OPERATION_ID}/events`;
export const READ = `GET /v1/operations/${OPERATION_ID}`;
