import { putInPlace, type Steps } from '../../../worker-privileged/executor/admin/putting-state-in-place.ts';

/* Killed at any boundary, and left so for weeks: nothing that was accepted is lost, and nobody who was put out comes in. */

type State = {
  readonly whole: boolean;
  readonly accepted: readonly number[];
  readonly revoked: readonly number[];
};
type Mark = { readonly kept: number; readonly revoked: readonly number[] };

class Killed extends Error {}

const DUMP: State = { whole: true, accepted: [1], revoked: [1] };

function server() {
  return {
    state: { whole: true, accepted: [1, 2], revoked: [1, 2] } as State,
    locked: false,
    running: true,
    mark: null as Mark | null,
    dumps: [] as State[],
    /** All that the API ever said yes to. */
    said: { accepted: [1, 2], revoked: [1, 2] },
  };
}
type Server = ReturnType<typeof server>;

/** What clients and the agent do, where it lets them: whoever starts the server anew starts the agent too. */
function weeks(on: Server): void {
  on.running = true;
  if (!on.locked) ask(on);
}

function ask(on: Server): void {
  if (on.locked || !on.running) return;
  const next = on.said.accepted.length + 1;
  on.state = {
    ...on.state,
    accepted: [...on.state.accepted, next],
    revoked: [...on.state.revoked, next],
  };
  on.said = { accepted: [...on.said.accepted, next], revoked: [...on.said.revoked, next] };
}

type Breaks = {
  /** Before the step of this number nothing happens any more. */
  readonly killedAt?: number;
  readonly fails?: keyof Steps<Mark, string>;
};

function stepsOn(on: Server, { killedAt = Infinity, fails }: Breaks = {}) {
  const done: string[] = [];
  let killed = false;
  const step = <T>(name: keyof Steps<Mark, string>, act: () => T) => {
    if (killed || done.length >= killedAt) {
      killed = true;
      return Promise.reject<T>(new Killed());
    }
    done.push(name);
    if (name === fails) return Promise.reject<T>(new Error(`${name} fails`));
    const result = act();
    // Somebody asks whenever it can be asked.
    ask(on);
    return Promise.resolve(result);
  };
  const steps: Steps<Mark, string> = {
    stop: () => step('stop', () => void (on.running = false)),
    start: () => step('start', () => void (on.running = true)),
    lock: () => step('lock', () => void (on.locked = true)),
    unlock: () => step('unlock', () => void (on.locked = false)),
    isLocked: () => step('isLocked', () => on.locked),
    readMark: () => step('readMark', () => on.mark),
    writeMark: (mark) => step('writeMark', () => void (on.mark = mark)),
    removeMark: () => step('removeMark', () => void (on.mark = null)),
    keep: () =>
      step('keep', () => {
        on.dumps.push(on.state);
        return { kept: on.dumps.length - 1, revoked: on.state.revoked };
      }),
    keepOn: (mark) => step('keepOn', () => mark),
    replace: ({ revoked }) =>
      step('replace', () => {
        on.state = { ...DUMP, revoked: [...new Set([...DUMP.revoked, ...revoked])] };
        return 'put back';
      }),
    forgetKept: () => step('forgetKept', () => undefined),
    halfWay: (cause) => (cause instanceof Killed ? cause : new Error('half-way', { cause })),
    notStarted: (cause, isPutBack) =>
      cause instanceof Killed
        ? cause
        : new Error(isPutBack ? 'put back, not started' : 'not put back', { cause }),
  };
  return { steps, done };
}

/** One that a kill stops between the pieces of a step leaves less than a state. */
function halve(on: Server, done: readonly string[]): void {
  if (done.at(-1) === 'replace') on.state = { whole: false, accepted: [], revoked: [] };
}

const inOrder = async () => {
  const { steps, done } = stepsOn(server());
  await putInPlace(steps);
  return done;
};

test('nobody is let in from before it is kept until another is in its place', async () => {
  expect(await inOrder()).toEqual(
    'isLocked removeMark stop lock keep writeMark replace removeMark forgetKept unlock start'.split(' '),
  );
});

const POINTS = Array.from({ length: 12 }, (_, point) => point);

test.each(POINTS.flatMap((first) => POINTS.map((second) => [first, second] as const)))(
  'killed before its step %i, begun again and killed before step %i, and weeks later again: nothing is lost',
  async (first, second) => {
    const on = server();
    for (const killedAt of [first, second]) {
      const { steps, done } = stepsOn(on, { killedAt });
      await putInPlace(steps).catch((cause: unknown) => expect(cause).toBeInstanceOf(Killed));
      if (on.mark !== null && on.locked) halve(on, done);
      weeks(on);
    }
    const { steps } = stepsOn(on);
    expect(await putInPlace(steps)).toBe('put back');
    expect(on).toMatchObject({ locked: false, running: true, mark: null });
    expect(on.state.whole).toBe(true);
    expect(new Set(on.state.revoked)).toEqual(new Set(on.said.revoked));
    const kept = new Set([...on.dumps, on.state].flatMap(({ accepted }) => accepted));
    expect(kept).toEqual(new Set(on.said.accepted));
  },
);

test('a mark that is found where nobody is locked out is of a state that was before', async () => {
  const on = server();
  on.mark = { kept: 0, revoked: [] };
  await putInPlace(stepsOn(on).steps);
  expect(on.dumps).toHaveLength(1);
  expect(on.state.revoked).toEqual(expect.arrayContaining([2]));
});

test.each(['stop', 'lock', 'keep', 'writeMark'] as const)(
  'where %s fails nothing is put back, and the agent goes on',
  async (fails) => {
    const on = server();
    const { steps, done } = stepsOn(on, { fails });
    await expect(putInPlace(steps)).rejects.toThrow(`${fails} fails`);
    expect(done.slice(-2)).toEqual(['unlock', 'start']);
    expect(done).not.toContain('replace');
    expect(on).toMatchObject({ locked: false, running: true });
    expect(on.state.accepted).toEqual(on.said.accepted);
  },
);

test.each(['replace', 'removeMark', 'forgetKept', 'unlock'] as const)(
  'where %s fails it is half-way, and the agent stands still',
  async (fails) => {
    const on = server();
    // Before it is begun an old mark is removed too.
    on.locked = fails === 'removeMark';
    if (on.locked) on.mark = { kept: 0, revoked: [2] };
    const { steps, done } = stepsOn(on, { fails });
    await expect(putInPlace(steps)).rejects.toThrow('half-way');
    expect(done.at(-1)).toBe(fails);
    expect(on).toMatchObject({ locked: true, running: false });
  },
);

test('one that goes on from another and fails lets nobody in', async () => {
  const on = Object.assign(server(), { locked: true, mark: { kept: 0, revoked: [2] } });
  const { steps } = stepsOn(on, { fails: 'keepOn' });
  await expect(putInPlace(steps)).rejects.toThrow('half-way');
  expect(on).toMatchObject({ locked: true, running: false });
});

test('where the agent does not start afterwards nobody is told to put it back again', async () => {
  const on = server();
  await expect(putInPlace(stepsOn(on, { fails: 'start' }).steps)).rejects.toThrow('put back, not started');
  expect(on).toMatchObject({ locked: false, mark: null, state: { whole: true } });
});
