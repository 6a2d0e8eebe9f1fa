/** Of a list the k-th of n parts, as `k/n` says; all where nothing says so. As many parts, one after the other, are all. */
export function dealt<T>(all: readonly T[], part: string | undefined): readonly T[] {
  const [number = 1, of = 1] = (part === undefined || part === '' ? '1/1' : part).split('/').map(Number);
  return all.filter((_, index) => index % of === number - 1);
}
