import { OperationId } from '../../../contract/ids.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createOverdue } from '../../../worker-privileged/overdue.ts';

const ids = (letters: string) => Array.from(letters, (letter) => OperationId.parse(letter.repeat(20)));

function setUp() {
  const ran: string[] = [];
  const said: string[] = [];
  let idle = true;
  let end = (): void => undefined;
  let held: Promise<void> = Promise.resolve();
  const overdue = createOverdue({
    run: async (id) => {
      ran.push(id[0]!);
      await held;
      return id[0] !== 'z';
    },
    isIdle: () => idle,
    logger: createLogger('test', { write: (line) => void said.push(line) }),
  });
  return {
    ...{ overdue, ran, said },
    idleIs: (now: boolean) => (idle = now),
    hold: () => (held = new Promise((resolve) => (end = resolve))),
    release: () => end(),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what waits in a second round, while nothing is under way, is carried out', async () => {
  const { overdue, ran, said } = setUp();
  overdue.look(ids('ab'));
  expect(ran).toEqual([]);
  overdue.look(ids('bc'));
  await settled();
  expect(ran).toEqual(['b']);
  expect(said.map((line) => (JSON.parse(line) as { count: number }).count)).toEqual([1]);
});

test('as long as anything is under way the queue is left to it', async () => {
  const { overdue, ran, idleIs } = setUp();
  overdue.look(ids('a'));
  idleIs(false);
  overdue.look(ids('a'));
  await settled();
  expect(ran).toEqual([]);
});

test('it is eight side by side, one round of it at a time, and whoever stops waits for them', async () => {
  const { overdue, ran, hold, release } = setUp();
  void hold();
  overdue.look(ids('abcdefghij'));
  overdue.look(ids('abcdefghij'));
  overdue.look(ids('abcdefghij'));
  await settled();
  expect(ran).toHaveLength(8);
  const stopping = overdue.stop();
  release();
  await stopping;
  expect(ran).toHaveLength(8);
  overdue.look(ids('abcdefghij'));
  expect(ran).toHaveLength(8);
});

test('of what had to wait for its turn all the same, nothing is said', async () => {
  const { overdue, said } = setUp();
  overdue.look(ids('z'));
  overdue.look(ids('z'));
  await settled();
  expect(said).toEqual([]);
});
