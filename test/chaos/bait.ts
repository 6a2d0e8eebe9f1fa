import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { idOf, newSite, HOME, type Wish } from './world.ts';
import { ask, type Field } from './client.ts';
import type { Random } from './random.ts';
import { rootSql } from '../machine/server.ts';
import { AUDIT_LOG } from './collect.ts';
import { STUBBORN } from './wishes-parts.ts';

/** Something that lasts some seconds on root's side and can be asked for at will, so that a strike finds work under way. */
export type Bait = {
  /** Asks for it, and gives its operation when a worker is at it; null where it does not come to that. */
  readonly atWork: () => Promise<string | null>;
};

export async function layBait(field: Field, random: Random): Promise<Bait> {
  const around = { field, random };
  const wish = (more: Pick<Wish, 'kind' | 'method' | 'path'> & { readonly body?: object }): Wish => ({
    ...more,
    tenant: HOME,
    then: () => undefined,
  });
  const body = { name: 'bait.example', type: 'static' };
  const made = await ask(
    'bait',
    wish({ kind: 'domain.create', method: 'POST', path: '/v1/domains', body }),
    around,
  );
  const queues = `/v1/domains/${newSite(made.json, HOME, true).id}/queues`;
  const queue = await ask(
    'bait',
    wish({
      ...{ kind: 'queue.create', method: 'POST', path: queues },
      body: { name: 'stubborn', command: STUBBORN, stopSeconds: 6 },
    }),
    around,
  );
  const restart = wish({
    ...{ kind: 'queue.restart', method: 'POST' },
    path: `${queues}/${idOf(queue.json, 'queue')}/restart`,
  });
  return {
    atWork: async () => {
      const { status, json } = await ask('bait', restart, around);
      if (status !== 202) return null;
      const id = idOf(json, 'operation');
      const begun = await until(id, ({ status }) => status !== 'queued' && isRestarting(id), 20_000);
      return begun?.status === 'running' ? id : null;
    },
  };
}

/** Whether root's side has begun what lasts. */
function isRestarting(operation: string): boolean {
  const begun = `"event":"begun","operation":"${operation}","verb":"queue.restart"`;
  return readFileSync(AUDIT_LOG, 'utf8').includes(begun);
}

export type Seen = { readonly status: string; readonly epoch: number };

export function look(operation: string): Seen | null {
  try {
    const row = rootSql(`SELECT status, epoch FROM sculptor.operation WHERE id = '${operation}'`).trim();
    const [status = '', epoch] = row.split('\t');
    return { status, epoch: Number(epoch) };
  } catch {
    return null;
  }
}

export async function until(
  operation: string,
  isSo: (seen: Seen) => boolean,
  withinMs: number,
): Promise<Seen | null> {
  const end = Date.now() + withinMs;
  while (Date.now() < end) {
    const seen = look(operation);
    if (seen !== null && isSo(seen)) return seen;
    await pause(50);
  }
  return null;
}
