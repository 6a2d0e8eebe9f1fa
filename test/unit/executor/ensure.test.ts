import { runSteps, StoppingError, type Step } from '../../../worker-privileged/executor/ensure.ts';
import { differencesPlanned, planned } from '../../../worker-privileged/executor/plan.ts';
import { createFakeServer, createFakeSystem } from '../../fakes/executor-system.ts';
import { failureOf, recordedRun } from './sites.ts';

/** A step that keeps one word in a set; `fails` says where it throws. */
function word(
  words: Set<string>,
  name: string,
  fails: 'never' | 'in change' | 'to hold' | 'in undo' = 'never',
): Step {
  return {
    name,
    look: () => Promise.resolve(words.has(name) ? null : `there is no ${name}`),
    change: () => {
      if (fails === 'in change') return Promise.reject(new Error(`${name} cannot be`));
      if (fails !== 'to hold') words.add(name);
      return Promise.resolve(() => {
        if (fails === 'in undo') return Promise.reject(new Error(`${name} cannot be undone`));
        words.delete(name);
        return Promise.resolve();
      });
    },
  };
}

const outcomes = (steps: readonly { name: string; status: string; changed: boolean }[]) =>
  steps.map(({ name, status, changed }) => `${name} ${status}${changed ? ' changed' : ''}`);

test('steps are brought about in order, and told as they end', async () => {
  const words = new Set(['b']);
  const run = recordedRun();
  await runSteps([word(words, 'a'), word(words, 'b'), word(words, 'c')], run);
  expect([...words].sort()).toEqual(['a', 'b', 'c']);
  expect(outcomes(run.steps)).toEqual(['a succeeded changed', 'b succeeded', 'c succeeded changed']);
});

test('run again, they change nothing', async () => {
  const words = new Set<string>();
  const steps = [word(words, 'a'), word(words, 'b')];
  await runSteps(steps, recordedRun());
  const again = recordedRun();
  await runSteps(steps, again);
  expect(outcomes(again.steps)).toEqual(['a succeeded', 'b succeeded']);
});

test('what this run changed before a failure is undone, the last first, and nothing else', async () => {
  const words = new Set(['b']);
  const run = recordedRun();
  const steps = ['a', 'b', 'c'].map((name) => word(words, name));
  await expect(runSteps([...steps, word(words, 'd', 'in change'), word(words, 'e')], run)).rejects.toThrow(
    'd cannot be',
  );
  expect([...words]).toEqual(['b']);
  expect(outcomes(run.steps).slice(3)).toEqual(['d failed', 'c undone changed', 'a undone changed']);
});

test('a change that does not hold is a mismatch, and is undone too', async () => {
  const words = new Set<string>();
  const run = recordedRun();
  expect(await failureOf(runSteps([word(words, 'a'), word(words, 'b', 'to hold')], run))).toBe('mismatch');
  expect(outcomes(run.steps)).toEqual([
    'a succeeded changed',
    'b failed',
    'b undone changed',
    'a undone changed',
  ]);
});

test('an undo that fails is told, and the others are undone all the same', async () => {
  const words = new Set<string>();
  const run = recordedRun();
  const steps = [word(words, 'a'), word(words, 'b', 'in undo'), word(words, 'c', 'in change')];
  await expect(runSteps(steps, run)).rejects.toThrow('c cannot be');
  expect([...words]).toEqual(['b']);
  expect(outcomes(run.steps).slice(-2)).toEqual(['b failed changed', 'a undone changed']);
  expect(run.warnings).toEqual(['a change could not be undone']);
});

test('when the time is over no further step begins', async () => {
  const words = new Set<string>();
  const stop = new AbortController();
  const last: Step = {
    name: 'last',
    look: () => {
      stop.abort();
      return Promise.resolve(null);
    },
    change: () => Promise.resolve(null),
  };
  const steps = [word(words, 'a'), last, word(words, 'b')];
  expect(await failureOf(runSteps(steps, recordedRun(stop.signal)))).toBe('executor_unavailable');
  expect(words.size).toBe(0);
});

test('a plan tells the differences and changes nothing', async () => {
  const words = new Set(['b']);
  const { files } = createFakeSystem(createFakeServer()).system;
  const run = recordedRun();
  const steps = [word(words, 'a', 'in change'), word(words, 'b'), word(words, 'c')];
  const found = differencesPlanned(() => runSteps(steps, planned(run, files)));
  await expect(found).resolves.toEqual([
    { step: 'a', words: 'there is no a', files: [] },
    { step: 'c', words: 'there is no c', files: [] },
  ]);
  expect([[...words], run.steps]).toEqual([['b'], []]);
});

test('what cannot be looked at before a step ahead of it is done would be made, and where none is ahead it fails', async () => {
  const { files } = createFakeSystem(createFakeServer()).system;
  const late: Step = {
    name: 'late',
    look: () => Promise.reject(new Error('there is no folder')),
    change: () => Promise.resolve(null),
  };
  const plan = (...steps: Step[]) => differencesPlanned(() => runSteps(steps, planned(recordedRun(), files)));
  expect((await plan(word(new Set(), 'a'), late)).map(({ step, words }) => [step, words])).toEqual([
    ['a', 'there is no a'],
    ['late', 'it would be made once what comes before it is there'],
  ]);
  await expect(plan(late)).rejects.toThrow('there is no folder');
});

test('where the process is to end no further step begins, and what was done stays', async () => {
  const words = new Set<string>();
  const halt = new AbortController();
  const run = recordedRun(halt.signal);
  const second = word(words, 'b');
  const ending: Step = {
    ...second,
    change: () => {
      halt.abort(new StoppingError());
      return second.change();
    },
  };
  const steps = [word(words, 'a'), ending, word(words, 'c')];
  expect(await failureOf(runSteps(steps, run))).toBe('executor_unavailable');
  expect([...words]).toEqual(['a', 'b']);
  expect(outcomes(run.steps)).toEqual(['a succeeded changed', 'b succeeded changed', 'c failed']);
  await runSteps([word(words, 'a'), second, word(words, 'c')], recordedRun());
  expect([...words]).toEqual(['a', 'b', 'c']);
});
