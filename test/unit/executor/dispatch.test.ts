import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutorAnswer } from '../../../contract/executor.ts';
import { FailureError } from '../../../contract/failures.ts';
import type { AuditEvent } from '../../../worker-privileged/executor/server/audit.ts';
import { runSteps } from '../../../worker-privileged/executor/ensure.ts';
import { createDispatch } from '../../../worker-privileged/executor/server/dispatch.ts';
import { createFence } from '../../../worker-privileged/executor/server/fence.ts';
import { createClaims } from '../../../worker-privileged/executor/system/claims.ts';
import type { VerbTable } from '../../../worker-privileged/executor/verbs/table.ts';
import { spec } from './sites.ts';
import { NO_FENCE } from './no-fence.ts';

function build(
  verbs: Partial<VerbTable> = {},
  plans: Partial<VerbTable> = {},
  requireRoom = () => Promise.resolve(),
) {
  const events: AuditEvent[] = [];
  const logged: string[] = [];
  const answers: ExecutorAnswer[] = [];
  const dispatch = createDispatch({
    verbs: {
      'server.facts': () => Promise.resolve({ phpVersions: [], hostname: 'h', timeZone: 'UTC' }),
      'server.look': () => Promise.reject(new Error('none')),
      'site.put': () => Promise.resolve({ probes: [] }),
      'site.remove': () => Promise.resolve({ probes: [], purgeAfter: null }),
      'site.restore': () => Promise.resolve({ probes: [] }),
      'site.move': () => Promise.resolve({ probes: [] }),
      'site.purge': () => Promise.resolve({}),
      'key.put': () => Promise.resolve({}),
      'key.remove': () => Promise.resolve({}),
      'cache.put': () => Promise.resolve({}),
      'cache.remove': () => Promise.resolve({}),
      'cache.usages': () => Promise.resolve({ usages: null }),
      'certificate.put': () => Promise.resolve({ probes: [], served: null }),
      'certificate.renew': () => Promise.resolve({ probes: [], served: null }),
      'certificate.remove': () => Promise.resolve({}),
      'certificates.look': () => Promise.resolve({ certificates: [], next: null }),
      'cron.put': () => Promise.resolve({}),
      'cron.run': () => Promise.resolve({}),
      'cron.remove': () => Promise.resolve({}),
      'crons.look': () => Promise.resolve({ crons: [] }),
      'cron.output': () => Promise.resolve({ output: '' }),
      'run.start': () => Promise.reject(new Error('none')),
      'run.stop': () => Promise.resolve({}),
      'run.forget': () => Promise.resolve({}),
      'queue.put': () => Promise.resolve({}),
      'queue.restart': () => Promise.resolve({}),
      'queue.remove': () => Promise.resolve({}),
      'programs.look': () => Promise.resolve({ programs: [] }),
      'program.output': () => Promise.resolve({ output: [] }),
      'database.collate': () => Promise.resolve({}),
      'database.protect': () => Promise.resolve({}),
      'database.remove': () => Promise.resolve({ purgeAfter: null }),
      'database.restore': () => Promise.resolve({}),
      'database.purge': () => Promise.resolve({}),
      'site.measure': () => Promise.resolve({ octets: null, enforced: false }),
      'site.drift': () => Promise.resolve({ differences: [], probes: [] }),
      'site.repair': () => Promise.resolve({ differences: [], probes: [] }),
      'database.drift': () => Promise.resolve({ differences: [] }),
      'tenant.drift': () => Promise.resolve({ differences: [] }),
      'site.align': () => Promise.resolve({ probes: [] }),
      'database.align': () => Promise.resolve({}),
      'tenant.put': () => Promise.resolve({ sites: [], databases: [] }),
      'tenant.remove': () => Promise.resolve({ purgeAfter: null }),
      'tenant.restore': () => Promise.resolve({ sites: [], databases: [] }),
      'tenant.room': () => Promise.resolve({}),
      'tenant.purge': () => Promise.resolve({}),
      'updates.meet': () => Promise.resolve({ underWay: false }),
      'updates.look': () => Promise.resolve({ sites: [], services: [] }),
      'updates.restart': () => Promise.resolve({}),
      'updates.report': () => Promise.resolve({ report: null }),
      'updates.status': () => Promise.resolve({ pending: null, last: null, reboot: null }),
      'updates.install': () => Promise.reject(new Error('not here')),
      'updates.told': () => Promise.resolve({}),
      'site.renew': () => Promise.resolve({}),
      'bans.look': () => Promise.resolve({ jails: [], bans: [], more: 0 }),
      'ban.put': () => Promise.resolve({}),
      'ban.remove': () => Promise.resolve({}),
      'state.dump': () => Promise.reject(new Error('no MariaDB')),
      'audit.head': () => Promise.resolve({}),
      'audit.lines': ({ after }) => Promise.resolve({ lines: [], last: after }),
      ...verbs,
    },
    planning: { verbs: plans as VerbTable, files: NO_FILES },
    locks: { during: (_name, act) => act() },
    fence: NO_FENCE,
    requireRoom,
    halt: new AbortController().signal,
    audit: (event) => void events.push(event),
    log: (level, message, facts) => void logged.push(`${level} ${message} ${JSON.stringify(facts)}`),
  });
  const ask = (line: string) => dispatch(line, (answer) => void answers.push(answer));
  return { ask, events, logged, answers };
}

const NO_FILES = {
  read: () => Promise.resolve(null),
  readLink: () => Promise.resolve(null),
  stray: () => Promise.resolve(null),
  isClosed: () => Promise.resolve(false),
};

const put = JSON.stringify({
  request: 'r7',
  operation: 'abcdefghij0123456789',
  verb: 'site.put',
  args: spec(),
});

test('a request is answered by its steps and its result, and leaves two lines', async () => {
  const step = { name: 'a step', status: 'succeeded', changed: true, durationMs: 1 } as const;
  const { ask, answers, events } = build({
    'site.put': (_args, run) => {
      run.report(step);
      return Promise.resolve({ probes: [] });
    },
  });
  await ask(put);
  expect(answers).toEqual([
    { request: 'r7', step },
    { request: 'r7', result: { probes: [] } },
  ]);
  const noted = { operation: 'abcdefghij0123456789', verb: 'site.put', id: 'a1b2c3d4e5f6' };
  expect(events).toEqual([
    { event: 'begun', ...noted },
    {
      ...{ event: 'ended', ...noted, outcome: 'succeeded' },
      ...{ durationMs: expect.any(Number) as number, waitedMs: expect.any(Number) as number },
    },
  ]);
});

test('what waits for its turn says afterwards how long that was, so that it can be seen that no two had theirs at once', async () => {
  const events: AuditEvent[] = [];
  const dispatch = createDispatch({
    verbs: { 'site.put': () => Promise.resolve({ probes: [] }) } as unknown as VerbTable,
    planning: { verbs: {} as VerbTable, files: NO_FILES },
    fence: NO_FENCE,
    requireRoom: () => Promise.resolve(),
    halt: new AbortController().signal,
    locks: { during: (_name, act) => new Promise((done) => setTimeout(done, 30)).then(act) },
    audit: (event) => void events.push(event),
    log: () => undefined,
  });
  await dispatch(put, () => undefined);
  const { durationMs, waitedMs } = events.at(-1) ?? {};
  expect(waitedMs).toBeGreaterThanOrEqual(29);
  expect(durationMs).toBeGreaterThanOrEqual(waitedMs ?? Infinity);
});

test('a request that is refused is answered and noted, and the next one is served', async () => {
  const { ask, answers, events } = build();
  await ask('{"request":"r1","verb":"no.such"}');
  await ask('nonsense');
  await ask(put);
  expect(answers.map((answer) => [answer.request, 'error' in answer ? answer.error.code : 'fine'])).toEqual([
    ['r1', 'invalid_request'],
    [null, 'invalid_request'],
    ['r7', 'fine'],
  ]);
  expect(events.map(({ event }) => event)).toEqual(['refused', 'refused', 'begun', 'ended']);
});

test('what waits for its turn is not done where the operation was claimed anew meanwhile, nor what comes later of the old claim', async () => {
  const turns: (() => void)[] = [];
  const did: unknown[] = [];
  const answers: ExecutorAnswer[] = [];
  const dispatch = createDispatch({
    verbs: {
      'site.put': (_args: unknown, { signal }: { signal: AbortSignal }) => {
        did.push(signal);
        return Promise.resolve({ probes: [] });
      },
    } as unknown as VerbTable,
    planning: { verbs: {} as VerbTable, files: NO_FILES },
    fence: createFence(createClaims(mkdtempSync(join(tmpdir(), 'claims-'))), () => undefined),
    requireRoom: () => Promise.resolve(),
    halt: new AbortController().signal,
    locks: { during: (_name, act) => new Promise<void>((turn) => turns.push(turn)).then(act) },
    audit: () => undefined,
    log: () => undefined,
  });
  const ask = (request: string, epoch?: number) => {
    const { operation, verb, args } = JSON.parse(put) as Record<string, unknown>;
    const line = JSON.stringify({ request, operation, epoch, verb, args });
    return dispatch(line, (answer) => void answers.push(answer));
  };
  const all = [ask('r1', 1), ask('r2', 2), ask('r3', 1), ask('r4', 2), ask('r5')];
  while (turns.length < all.length) await new Promise(setImmediate);
  for (const turn of turns) turn();
  await Promise.all(all);
  const told = answers.map(({ request, ...answer }) => [
    request,
    'error' in answer ? answer.error.code : 'done',
  ]);
  expect(told.sort()).toEqual([
    ['r1', 'executor_unavailable'],
    ['r2', 'done'],
    ['r3', 'executor_unavailable'],
    ['r4', 'done'],
    ['r5', 'done'],
  ]);
  expect(did).toHaveLength(3);
});

test('a failure that a person should see is passed on, and any other is internal and stays in the log', async () => {
  const known = build({
    'site.put': () => Promise.reject(new FailureError('not_ours', 'It is there.', 'Move it.')),
  });
  await known.ask(put);
  expect(known.answers).toEqual([
    { request: 'r7', error: { code: 'not_ours', message: 'It is there.', hint: 'Move it.' } },
  ]);
  expect(known.events.at(-1)).toMatchObject({ event: 'ended', outcome: 'not_ours' });

  const unknown = build({ 'site.put': () => Promise.reject(new Error('EACCES /secret/path')) });
  await unknown.ask(put);
  expect(JSON.stringify(unknown.answers)).not.toContain('secret');
  expect(unknown.answers).toMatchObject([{ error: { code: 'internal' } }]);
  expect(unknown.events.at(-1)).toMatchObject({ event: 'ended', outcome: 'internal' });
  expect(unknown.logged.join()).toContain('EACCES /secret/path');
});

test('a result that is not as agreed is a failure, not an answer', async () => {
  const { ask, answers } = build({ 'site.put': () => Promise.resolve({ probes: 'none' } as never) });
  await ask(put);
  expect(answers).toMatchObject([{ error: { code: 'internal' } }]);
});

test('what is more than 64 requests under way is refused and not kept', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  const { ask, answers } = build({ 'site.put': () => gate.then(() => ({ probes: [] })) });
  const asked = Array.from({ length: 70 }, () => ask(put));
  open();
  await Promise.all(asked);
  const refused = answers.filter((answer) => 'error' in answer && answer.error.code === 'limit_reached');
  expect([refused.length, answers.length]).toEqual([6, 70]);
  await ask(put);
  expect(answers.at(-1)).toEqual({ request: 'r7', result: { probes: [] } });
});

test('requests with an id hold the lock of that id, and those without one, or that ask an authority, hold none', async () => {
  const held: string[] = [];
  const lockOf = (path: string) => Promise.resolve(path.endsWith('/locks/a1b2c3d4e5f6') ? '' : null);
  const dispatch = createDispatch({
    verbs: {
      'server.facts': () => Promise.resolve({ phpVersions: [], hostname: 'h', timeZone: 'UTC' }),
      'site.remove': () => Promise.resolve({ probes: [], purgeAfter: null }),
      'certificate.renew': () => Promise.resolve({ probes: [], served: null }),
      'certificate.remove': () => Promise.resolve({}),
      'site.drift': () => Promise.resolve({ differences: [], probes: [] }),
    } as unknown as VerbTable,
    planning: { verbs: {} as VerbTable, files: { ...NO_FILES, read: lockOf } },
    locks: {
      during: (name, act) => {
        held.push(name);
        return act();
      },
    },
    fence: NO_FENCE,
    requireRoom: () => Promise.resolve(),
    halt: new AbortController().signal,
    audit: () => undefined,
    log: () => undefined,
  });
  const ask = (verb: string, args: unknown) =>
    dispatch(JSON.stringify({ request: 'r1', operation: null, verb, args }), () => undefined);
  await ask('server.facts', {});
  const certificate = { id: 'c1c1c1c1c1c1', site: 'b1b2c3d4e5f6', generation: 1 };
  await ask('certificate.renew', certificate);
  await ask('site.remove', { id: 'a1b2c3d4e5f6' });
  await ask('certificate.remove', certificate);
  expect(held).toEqual(['a1b2c3d4e5f6', 'b1b2c3d4e5f6']);
  // Of what was never worked on there is no lock, and looking leaves none.
  await ask('site.drift', { id: 'a1b2c3d4e5f6' });
  await ask('site.drift', { id: 'c1b2c3d4e5f6' });
  expect(held.slice(2)).toEqual(['a1b2c3d4e5f6']);
});

test('what is refused for want of room is refused when its turn comes: what was begun for an earlier claim is over then', async () => {
  const order: string[] = [];
  const full = () => Promise.reject(new FailureError('server_full', 'no room', 'make some'));
  const dispatch = createDispatch({
    verbs: {} as VerbTable,
    planning: { verbs: {} as VerbTable, files: NO_FILES },
    fence: NO_FENCE,
    requireRoom: () => Promise.resolve(order.push('room')).then(full),
    halt: new AbortController().signal,
    locks: { during: (_name, act) => Promise.resolve(order.push('turn')).then(act) },
    audit: () => undefined,
    log: () => undefined,
  });
  await dispatch(put, (answer) => void order.push('error' in answer ? answer.error.code : 'done'));
  expect(order).toEqual(['turn', 'room', 'server_full']);
});

test('on a server without room nothing is made, and what makes room goes on', async () => {
  const done: string[] = [];
  const { ask, answers } = build(
    {
      'site.put': () => Promise.resolve(done.push('put')).then(() => ({ probes: [] })),
      'site.remove': () =>
        Promise.resolve(done.push('remove')).then(() => ({ probes: [], purgeAfter: null })),
    },
    {},
    () => Promise.reject(new FailureError('server_full', 'no room', 'make some')),
  );
  const request = (verb: string, args: object) =>
    ask(JSON.stringify({ request: 'r7', operation: null, verb, args }));
  await ask(put);
  expect(answers).toMatchObject([{ error: { code: 'server_full' } }]);
  // A new one takes room, switched off or not.
  await request('site.put', { ...spec(), enabled: false });
  expect(answers).toMatchObject([{}, { error: { code: 'server_full' } }]);
  await request('site.put', { ...spec(), enabled: false, generation: 2 });
  await request('site.remove', { id: spec().id });
  expect(done).toEqual(['put', 'remove']);
});

const planOf = (verb: string, args: unknown) =>
  JSON.stringify({ request: 'r8', operation: null, verb, args, plan: true });

test('a plan is made by the verbs that can only look: no change is called, nothing after the steps is done, and two lines say that it was one', async () => {
  const done: string[] = [];
  const act = () => Promise.reject(new Error('done all the same'));
  const { ask, answers, events } = build(
    { 'site.put': act },
    {
      'site.put': async (_args, run) => {
        const change = () => Promise.resolve(void done.push('changed')).then(() => null);
        await runSteps(
          [
            { name: 'as it is', look: () => Promise.resolve(null), change },
            { name: 'another', look: () => Promise.resolve('it is another'), change },
          ],
          run,
        );
        done.push('went on');
        return { probes: [] };
      },
    },
  );
  await ask(planOf('site.put', spec()));
  const difference = { step: 'another', words: 'it is another', files: [] };
  expect(answers).toEqual([{ request: 'r8', result: { differences: [difference] } }]);
  expect(done).toEqual([]);
  expect(events).toMatchObject([
    { event: 'begun', verb: 'site.put', plan: true },
    { event: 'ended', verb: 'site.put', plan: true },
  ]);
});

test('a verb that is not made for it refuses a plan, before it is called', async () => {
  const called: string[] = [];
  const { ask, answers } = build(
    {},
    {
      'site.purge': () => Promise.resolve(void called.push('called')).then(() => ({})),
    },
  );
  await ask(planOf('site.purge', { id: 'a1b2c3d4e5f6' }));
  await ask(planOf('server.facts', {}));
  expect(answers).toMatchObject([
    { error: { code: 'invalid_request' } },
    { error: { code: 'invalid_request' } },
  ]);
  expect(called).toEqual([]);
});

test('what a verb refuses it refuses in a plan too', async () => {
  const refuse = () => Promise.reject(new FailureError('not_ours', 'It is there.', 'Move it.'));
  const { ask, answers } = build({}, { 'site.put': refuse });
  await ask(planOf('site.put', spec()));
  expect(answers).toMatchObject([{ error: { code: 'not_ours' } }]);
});
