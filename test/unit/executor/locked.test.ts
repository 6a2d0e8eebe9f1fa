import { DomainId } from '../../../contract/ids.ts';
import { runSteps, SupplantedError, type Run } from '../../../worker-privileged/executor/ensure.ts';
import { locked } from '../../../worker-privileged/executor/verbs/site-parts/locked.ts';

const site = DomainId.parse('a1b2c3d4e5f6');

function build() {
  const did: string[] = [];
  let isTheirs = false;
  const run: Run = {
    report: () => undefined,
    signal: new AbortController().signal,
    warn: () => undefined,
    stillAsked: () => (isTheirs ? Promise.reject(new SupplantedError()) : Promise.resolve()),
  };
  const system = { locks: { during: <T>(_name: string, act: () => Promise<T>) => act() } };
  let is = false;
  const step = (name: string, meanwhile?: () => void) =>
    locked(
      { system, site, run },
      {
        name,
        look: () => {
          meanwhile?.();
          return Promise.resolve(is ? null : 'it is not');
        },
        change: () => {
          did.push(name);
          is = true;
          return Promise.resolve(() => Promise.resolve(void did.push(`${name} undone`)));
        },
      },
    );
  return { did, run, step, supplant: () => (isTheirs = true), reset: () => (is = false) };
}

test('what has its turn when the operation was claimed anew does nothing, and takes nothing back', async () => {
  const { did, run, step, supplant, reset } = build();
  const second = step('second', () => {
    reset();
    supplant();
  });
  await expect(runSteps([step('first'), second], run)).rejects.toThrow(SupplantedError);
  expect(did).toEqual(['first']);
});

test('a step in its turn is done, and undone where a later one fails', async () => {
  const { did, run, step } = build();
  const fails = {
    name: 'fails',
    look: () => Promise.resolve('it is not'),
    change: () => Promise.reject(new Error('it does not work')),
  };
  await expect(runSteps([step('first'), fails], run)).rejects.toThrow('it does not work');
  expect(did).toEqual(['first', 'first undone']);
});
