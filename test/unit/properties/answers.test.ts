import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { ExecutorAnswer } from '../../../contract/executor.ts';
import { FailureError } from '../../../contract/failures.ts';
import { DomainId } from '../../../contract/ids.ts';
import { createExecutorCalls } from '../../../worker-privileged/executor-calls.ts';
import { createDispatch } from '../../../worker-privileged/executor/server/dispatch.ts';
import { createFakeLink } from '../../fakes/executor-link.ts';
import { alwaysInTime, hostileText, near } from './chance.ts';
import { NO_FENCE } from '../executor/no-fence.ts';

const id = DomainId.parse('abcdefghijkl');
const good = JSON.stringify({ request: 'r1', result: { probes: [] } });
const lines = [
  good,
  JSON.stringify({
    request: 'r1',
    step: { name: 'a step', status: 'succeeded', changed: true, durationMs: 1 },
  }),
  JSON.stringify({ request: 'r1', error: { code: 'not_found', message: 'No such site.', hint: 'None.' } }),
];

test('whatever the executor answers, the worker gets a result by the schema or a failure it may show', async () => {
  const said = fc.array(near(fc.constantFrom(...lines)), { maxLength: 4 });
  await alwaysInTime(said, async (answers) => {
    const link = createFakeLink();
    const calls = createExecutorCalls({ open: () => link });
    const asked = calls.call('site.remove', { id }, { operation: null, step: () => undefined });
    const ended = asked.then(
      (result) => expect(result).toEqual({ probes: expect.any(Array) as unknown }),
      (error: unknown) => expect(error).toBeInstanceOf(FailureError),
    );
    await setImmediate();
    for (const answer of answers) link.output.write(`${answer}\n`);
    link.output.end();
    await ended;
    calls.close();
  });
});

const thrown = fc.oneof(
  fc
    .anything({ withBigInt: true, withDate: true })
    .filter((value) => value === null || typeof value !== 'object'),
  hostileText.map((text) => new Error(text)),
  fc.tuple(hostileText, hostileText).map(([message, hint]) => new FailureError('not_ready', message, hint)),
);

test('whatever a verb throws, it is answered once, and the next request is served', async () => {
  await alwaysInTime(thrown, async (what) => {
    const answers: unknown[] = [];
    const facts = { phpVersions: [], hostname: 'h', timeZone: 'UTC' };
    const verbs = {
      'site.remove': () =>
        Promise.resolve().then(() => {
          throw what;
        }),
      'server.facts': () => Promise.resolve(facts),
    };
    const dispatch = createDispatch({
      verbs: verbs as never,
      planning: { verbs: verbs as never, files: {} as never },
      locks: { during: (_name, act) => act() },
      fence: NO_FENCE,
      requireRoom: () => Promise.resolve(),
      halt: new AbortController().signal,
      audit: () => undefined,
      log: () => undefined,
    });
    const ask = (verb: string, args: unknown) =>
      dispatch(
        JSON.stringify({ request: 'r1', operation: null, verb, args }),
        (answer) => void answers.push(answer),
      );
    await ask('site.remove', { id });
    await ask('server.facts', {});
    expect(answers).toEqual([
      { request: 'r1', error: expect.anything() as unknown },
      { request: 'r1', result: facts },
    ]);
    expect(answers.every((answer) => ExecutorAnswer.safeParse(answer).success)).toBe(true);
  });
});
