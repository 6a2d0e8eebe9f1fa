import type { Preparing, Request, Scenario } from '../scenario.ts';
import { site } from './domains.ts';

/** In the site's own folder; twice done, it has two lines. */
const LEAVES_A_LINE = ['sh', '-c', 'echo done >> tmp/deeds'];

async function cron(it: Preparing): Promise<string> {
  const path = `${await site(it)}/crons`;
  const body = { name: 'yearly', schedule: '@yearly', command: LEAVES_A_LINE };
  await it.done({ method: 'POST', path, body });
  return `${path}/yearly`;
}

async function queue(it: Preparing): Promise<string> {
  const path = `${await site(it)}/queues`;
  await it.done({ method: 'POST', path, body: { name: 'worker', command: ['sleep', '86400'] } });
  return `${path}/worker`;
}

const onQueue =
  (word: string) =>
  async (it: Preparing): Promise<Request> => {
    const path = await queue(it);
    if (word === 'start') await it.done({ method: 'POST', path: `${path}/stop` });
    return { method: 'POST', path: `${path}/${word}` };
  };

export const OF_PROGRAMS: readonly Scenario[] = [
  {
    kind: 'cron.create',
    prepare: async (it) => ({
      method: 'POST',
      path: `${await site(it)}/crons`,
      body: { name: 'yearly', schedule: '@yearly', command: LEAVES_A_LINE },
    }),
  },
  {
    kind: 'cron.update',
    prepare: async (it) => ({ method: 'PATCH', path: await cron(it), body: { schedule: '@monthly' } }),
  },
  {
    kind: 'cron.run',
    prepare: async (it) => ({ method: 'POST', path: `${await cron(it)}/run` }),
    mayEnd: 'broken_off',
  },
  { kind: 'cron.delete', prepare: async (it) => ({ method: 'DELETE', path: await cron(it) }) },
  {
    kind: 'run.create',
    prepare: async (it) => ({
      method: 'POST',
      path: `${await site(it)}/runs`,
      body: { command: LEAVES_A_LINE },
    }),
    mayEnd: 'broken_off',
  },
  {
    kind: 'queue.create',
    prepare: async (it) => ({
      method: 'POST',
      path: `${await site(it)}/queues`,
      body: { name: 'worker', command: ['sleep', '86400'] },
    }),
  },
  {
    kind: 'queue.update',
    prepare: async (it) => ({ method: 'PATCH', path: await queue(it), body: { processes: 2 } }),
  },
  { kind: 'queue.start', prepare: onQueue('start') },
  { kind: 'queue.stop', prepare: onQueue('stop') },
  { kind: 'queue.restart', prepare: onQueue('restart') },
  { kind: 'queue.delete', prepare: async (it) => ({ method: 'DELETE', path: await queue(it) }) },
];
