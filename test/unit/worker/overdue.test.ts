import { OperationId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createOverdue } from '../../../worker-privileged/overdue.ts';

const ids = (letters: string) => Array.from(letters, (letter) => OperationId.parse(letter.repeat(20)));

function setUp() {
  const offered: string[] = [];
  const said: string[] = [];
  let end = (): void => undefined;
  let held: Promise<void> = Promise.resolve();
  const overdue = createOverdue({
    offer: async (id) => {
      offered.push(id[0]!);
      await held;
      return { done: Promise.resolve(id[0] !== 'z') };
    },
    logger: createLogger('test', { write: (line) => void said.push(line) }),
  });
  return {
    ...{ overdue, offered, said },
    hold: () => (held = new Promise((resolve) => (end = resolve))),
    release: () => end(),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what waits in a second round is offered, whatever else is under way', async () => {
  const { overdue, offered, said } = setUp();
  overdue.look(ids('ab'));
  expect(offered).toEqual([]);
  overdue.look(ids('bc'));
  await settled();
  expect(offered).toEqual(['b']);
  expect(said.map((line) => (JSON.parse(line) as { count: number }).count)).toEqual([1]);
});

test('one round of it is offered at a time, and whoever stops offers no more', async () => {
  const { overdue, offered, hold, release } = setUp();
  void hold();
  for (let round = 0; round < 3; round += 1) overdue.look(ids('abcdefghij'));
  await settled();
  expect(offered).toEqual(['a']);
  const stopping = overdue.stop();
  release();
  await stopping;
  overdue.look(ids('abcdefghij'));
  expect(offered).toEqual(['a']);
});

test('of what had to wait for its turn all the same, nothing is said', async () => {
  const { overdue, said } = setUp();
  overdue.look(ids('z'));
  overdue.look(ids('z'));
  await settled();
  expect(said).toEqual([]);
});
