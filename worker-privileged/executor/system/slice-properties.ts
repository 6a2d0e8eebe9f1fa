import type { Share } from './masters.ts';

/** As sculptor-.slice.d has them for every site. */
const MEMORY = 1024 ** 3;
const SWAP = 256 * 1024 ** 2;
const TASKS = 512;

/** For `systemctl set-property`. What is not named goes back to what every site has; a named memory is all of it. */
export function propertiesOf({ memoryBytes, tasks }: Share): readonly string[] {
  return [
    `MemoryMax=${memoryBytes ?? MEMORY}`,
    `MemorySwapMax=${memoryBytes === null ? SWAP : 0}`,
    `TasksMax=${tasks ?? TASKS}`,
  ];
}

/** What systemd noted when a property was set last; null where it never was, and root's own word may stand. */
export function setTo(text: string | null): number | null {
  const found = /^(?:MemoryMax|TasksMax)=(\d+)$/m.exec(text ?? '');
  return found === null ? null : Number(found[1]);
}

export function shareIn(memory: number | null, tasks: number | null): Share {
  return { memoryBytes: memory === MEMORY ? null : memory, tasks: tasks === TASKS ? null : tasks };
}
