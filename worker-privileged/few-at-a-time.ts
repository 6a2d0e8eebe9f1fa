/** A tenant may have hundreds of things, and others wait for the executor too. */
const AT_ONCE = 4;

/** Rejects as soon as one does; those that are under way go on. */
export async function fewAtATime<T extends object>(
  all: readonly T[],
  act: (one: T) => Promise<unknown>,
): Promise<void> {
  const left = [...all];
  const lane = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await act(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
