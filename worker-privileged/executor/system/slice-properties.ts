import { boundsOf, MEMORY, TASKS, type Share } from '../render/bounds.ts';

/** As sculptor-.slice.d has it for every site. */
const SWAP = 256 * 1024 ** 2;

/** For `systemctl set-property`. What is not named goes back to what every site has; a named memory is all of it. */
export function propertiesOf(share: Share): readonly string[] {
  const { memory, processes } = boundsOf(share);
  return [
    `MemoryMax=${memory}`,
    `MemorySwapMax=${share.memoryBytes === null ? SWAP : 0}`,
    `TasksMax=${processes}`,
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
