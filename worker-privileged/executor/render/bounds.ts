/** What all processes of a site may take together; null is what every site may. */
export type Share = { readonly memoryBytes: number | null; readonly tasks: number | null };

/** What every site may take. */
export const MEMORY = 1024 ** 3;
export const TASKS = 512;

/** Octets, and processes: of each process and of its user, where nothing counts a site's together. */
export function boundsOf({ memoryBytes, tasks }: Share): { memory: number; processes: number } {
  return { memory: memoryBytes ?? MEMORY, processes: tasks ?? TASKS };
}
