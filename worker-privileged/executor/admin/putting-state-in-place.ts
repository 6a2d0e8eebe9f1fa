/**
 * What putting a dump in the place of the state is made of. Each can be done again, and the process may be killed, or the power
 * lost, before and after each.
 */
export type Steps<Mark, Done> = {
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** MariaDB lets the API and the worker in no more. */
  readonly lock: () => Promise<void>;
  readonly unlock: () => Promise<void>;
  readonly isLocked: () => Promise<boolean>;
  readonly readMark: () => Promise<Mark | null>;
  readonly writeMark: (mark: Mark) => Promise<void>;
  readonly removeMark: () => Promise<void>;
  /** Takes from the state that is there whatever is to outlast it. */
  readonly keep: () => Promise<Mark>;
  /** The same after one that broke off, which has kept it already: what is there now may be half of something. */
  readonly keepOn: (mark: Mark) => Promise<Mark>;
  readonly replace: (mark: Mark) => Promise<Done>;
  readonly forgetKept: () => Promise<void>;
  /** What is said where one of them fails. */
  readonly halfWay: (cause: unknown) => Error;
  readonly notStarted: (cause: unknown, isPutBack: boolean) => Error;
};

/**
 * From the lock until it is taken away nobody changes the state, so a mark is of this state exactly as long: it is written after the
 * one and removed before the other, and one that is found where nobody is locked out says nothing.
 */
export async function putInPlace<Mark, Done>(steps: Steps<Mark, Done>): Promise<Done> {
  const mark = await kept(steps);
  let done: Done;
  try {
    done = await steps.replace(mark);
    await steps.removeMark();
    await steps.forgetKept();
    await steps.unlock();
  } catch (cause) {
    throw steps.halfWay(cause);
  }
  await steps.start().catch((cause: unknown) => {
    throw steps.notStarted(cause, true);
  });
  return done;
}

async function kept<Mark, Done>(steps: Steps<Mark, Done>): Promise<Mark> {
  const before = (await steps.isLocked()) ? await steps.readMark() : null;
  return before === null ? begin(steps) : goOn(steps, before);
}

/** What is accepted while it is kept would be lost, so nothing is. */
async function begin<Mark, Done>(steps: Steps<Mark, Done>): Promise<Mark> {
  // Before the lock, which would make an old one good again.
  await steps.removeMark();
  try {
    await steps.stop();
    await steps.lock();
    const mark = await steps.keep();
    await steps.writeMark(mark);
    return mark;
  } catch (cause) {
    await letIn(steps);
    throw cause;
  }
}

async function letIn<Mark, Done>({ unlock, start, notStarted }: Steps<Mark, Done>): Promise<void> {
  try {
    await unlock();
    await start();
  } catch (cause) {
    throw notStarted(cause, false);
  }
}

async function goOn<Mark, Done>(steps: Steps<Mark, Done>, before: Mark): Promise<Mark> {
  try {
    await steps.stop();
    await steps.lock();
    const mark = await steps.keepOn(before);
    await steps.writeMark(mark);
    return mark;
  } catch (cause) {
    throw steps.halfWay(cause);
  }
}
