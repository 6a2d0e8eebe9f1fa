import { setImmediate } from 'node:timers/promises';
import { Verb } from '../../../contract/executor.ts';
import { DomainId, OperationId } from '../../../contract/ids.ts';
import type { OperationStep } from '../../../contract/operations.ts';
import { createExecutorCalls } from '../../../worker-privileged/executor-calls.ts';
import { createFakeLink } from '../../fakes/executor-link.ts';
import type { FakeLink } from '../../fakes/executor-link.ts';

const operation = OperationId.parse('abcdefghijklmnopqrst');
const id = DomainId.parse('abcdefghijkl');
const gone = { probes: [], purgeAfter: null };
const nothing = { operation, step: () => undefined };
const unavailable = expect.objectContaining({
  failure: expect.objectContaining({ code: 'executor_unavailable' }),
});

function setUp() {
  const links: FakeLink[] = [];
  const open = (): FakeLink => {
    const link = createFakeLink();
    links.push(link);
    return link;
  };
  return { links, calls: createExecutorCalls({ open }) };
}

test('opens nothing before the first request, and one link for all', async () => {
  const { links, calls } = setUp();
  expect(links).toHaveLength(0);
  const both = [calls.call('site.remove', { id }, nothing), calls.call('site.remove', { id }, nothing)];
  await setImmediate();
  expect(links).toHaveLength(1);
  const [one, two] = links[0]!.requests();
  expect(one).toMatchObject({ operation, verb: 'site.remove', args: { id } });
  links[0]!.say({ request: two!.request, result: gone });
  links[0]!.say({
    request: one!.request,
    result: { ...gone, probes: [{ host: 'a.example', path: '/', expect: 'closed' }] },
  });
  expect(await Promise.all(both)).toEqual([
    { ...gone, probes: [{ host: 'a.example', path: '/', expect: 'closed' }] },
    gone,
  ]);
});

test('hands on each step to whoever asked, as it comes', async () => {
  const { links, calls } = setUp();
  const steps: OperationStep[] = [];
  const asked = calls.call('site.remove', { id }, { operation, step: (step) => steps.push(step) });
  const other = calls.call('site.remove', { id }, nothing);
  await setImmediate();
  const [one, two] = links[0]!.requests();
  const step = { name: 'stop processes', status: 'succeeded', changed: true, durationMs: 1.5 } as const;
  links[0]!.say({ request: one!.request, step });
  await setImmediate();
  expect(steps).toEqual([step]);
  links[0]!.say({ request: one!.request, result: gone });
  links[0]!.say({ request: two!.request, result: gone });
  await Promise.all([asked, other]);
  expect(steps).toHaveLength(1);
});

test("throws the executor's own failure", async () => {
  const { links, calls } = setUp();
  const asked = calls.call('site.remove', { id }, nothing);
  await setImmediate();
  const error = { code: 'not_found', message: 'no such site', hint: 'none' } as const;
  links[0]!.say({ request: links[0]!.requests()[0]!.request, error });
  await expect(asked).rejects.toMatchObject({ failure: error });
});

describe('all that wait are told, and the next request opens a new link, when the answer is', () => {
  test.each([
    ['half a line, then the end', (link: FakeLink) => link.output.end('{"request":"r1","res')],
    ['the end', (link: FakeLink) => link.output.end()],
    ['a broken connection', (link: FakeLink) => link.output.destroy(new Error('broken'))],
    ['a connection that cannot be written to', (link: FakeLink) => link.input.destroy(new Error('EPIPE'))],
    ['no JSON', (link: FakeLink) => link.say('Segmentation fault')],
    ['JSON, and no answer', (link: FakeLink) => link.say({ request: 'r1', done: true })],
    ['a list', (link: FakeLink) => link.say([1])],
    [
      'a step with a key more',
      (link: FakeLink) =>
        link.say({
          request: 'r1',
          step: { name: 'x', status: 'succeeded', changed: true, durationMs: 1, more: 1 },
        }),
    ],
    [
      'an error of an unknown code',
      (link: FakeLink) => link.say({ request: 'r1', error: { code: 'x', message: '', hint: '' } }),
    ],
    [
      'that a line of ours could not be read',
      (link: FakeLink) =>
        link.say({ request: null, error: { code: 'invalid_request', message: 'x', hint: 'x' } }),
    ],
    ['a line without an end', (link: FakeLink) => link.output.write('a'.repeat(1_100_000))],
  ])('%s', async (_what, breakIt) => {
    const { links, calls } = setUp();
    const both = [calls.call('site.remove', { id }, nothing), calls.call('site.remove', { id }, nothing)];
    const ends = Promise.allSettled(both);
    await setImmediate();
    breakIt(links[0]!);
    expect(await ends).toEqual([
      { status: 'rejected', reason: unavailable },
      { status: 'rejected', reason: unavailable },
    ]);
    expect(links[0]!.isClosed()).toBe(true);
    const next = calls.call('site.remove', { id }, nothing);
    await setImmediate();
    expect(links).toHaveLength(2);
    links[1]!.say({ request: links[1]!.requests()[0]!.request, result: gone });
    await expect(next).resolves.toEqual(gone);
  });
});

test.each([
  ['without the result', {}],
  ['with a key more', { probes: [], more: 1 }],
  ['with a probe that is none', { probes: [{ host: 'a', path: '/', expect: 'anything' }] }],
])('refuses an answer %s; others that wait are not concerned', async (_what, result) => {
  const { links, calls } = setUp();
  const asked = calls.call('site.remove', { id }, nothing);
  const ended = expect(asked).rejects.toEqual(unavailable);
  const other = calls.call('site.remove', { id }, nothing);
  await setImmediate();
  const [one, two] = links[0]!.requests();
  links[0]!.say({ request: one!.request, result });
  await ended;
  links[0]!.say({ request: two!.request, result: gone });
  await expect(other).resolves.toEqual(gone);
});

test('gives up a request that is not answered in time; a late answer harms nobody', async () => {
  const links: FakeLink[] = [];
  const quick = Object.fromEntries(Verb.options.map((verb) => [verb, 1])) as Record<Verb, number>;
  const patienceMs = { ...quick, 'database.remove': 60_000 };
  const open = (): FakeLink => {
    links.push(createFakeLink());
    return links.at(-1)!;
  };
  const calls = createExecutorCalls({ open, patienceMs });
  await expect(calls.call('site.remove', { id }, nothing)).rejects.toEqual(unavailable);
  links[0]!.say({ request: links[0]!.requests()[0]!.request, result: gone });
  await setImmediate();
  expect(links[0]!.isClosed()).toBe(false);
});

test('does not send a line longer than the executor reads', async () => {
  const { links, calls } = setUp();
  const aliases = Array.from({ length: 100 }, () => `${'a'.repeat(700)}.example`);
  const site = { id, generation: 1, name: 'a.example', aliases } as never;
  await expect(calls.call('site.put', site, nothing)).rejects.toMatchObject({
    failure: { code: 'invalid_request' },
  });
  expect(links).toHaveLength(0);
});

test('an answer to what nobody asked is passed over', async () => {
  const { links, calls } = setUp();
  const asked = calls.call('site.remove', { id }, nothing);
  await setImmediate();
  links[0]!.say({ request: 'stranger', result: gone });
  links[0]!.say({ request: links[0]!.requests()[0]!.request, result: gone });
  await expect(asked).resolves.toEqual(gone);
});

test('closing tells all that wait', async () => {
  const { links, calls } = setUp();
  const ended = expect(calls.call('site.remove', { id }, nothing)).rejects.toEqual(unavailable);
  await setImmediate();
  calls.close();
  await ended;
  expect(links[0]!.isClosed()).toBe(true);
});
