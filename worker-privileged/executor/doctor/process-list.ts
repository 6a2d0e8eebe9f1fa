import { readdir, readFile, readlink } from 'node:fs/promises';

export type Process = {
  readonly pid: number;
  /** Real, effective, saved and that of its files; the same for groups, and those that it has besides. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** What the kernel runs, which nobody can pretend; ` (deleted)` behind it where the file is no more. */
  readonly program: string;
  /** What the process says of itself. */
  readonly command: string;
  /** The unit of systemd whose process it is. */
  readonly unit: string;
  readonly noNewPrivileges: boolean;
};

/** All but the kernel's own, and those that have ended and wait for their parent. */
export async function readProcesses(): Promise<readonly Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name));
  const read = await Promise.all(pids.map(readProcess));
  return read.filter((process) => process !== null);
}

async function readProcess(pid: string): Promise<Process | null> {
  const folder = `/proc/${pid}`;
  try {
    const [status, cmdline, cgroup, program] = await Promise.all([
      readFile(`${folder}/status`, 'utf8'),
      readFile(`${folder}/cmdline`, 'utf8'),
      readFile(`${folder}/cgroup`, 'utf8'),
      readlink(`${folder}/exe`),
    ]);
    return {
      pid: Number(pid),
      ...parseStatus(status),
      program,
      command: commandOf(cmdline),
      unit: unitOf(cgroup),
    };
  } catch {
    // It has ended meanwhile, or is the kernel's.
    return null;
  }
}

export function parseStatus(status: string): Pick<Process, 'uids' | 'gids' | 'noNewPrivileges'> {
  const numbers = (field: string) =>
    (new RegExp(`^${field}:(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean).map(Number);
  return {
    uids: [...new Set(numbers('Uid'))],
    gids: [...new Set([...numbers('Gid'), ...numbers('Groups')])],
    noNewPrivileges: numbers('NoNewPrivs')[0] === 1,
  };
}

/** Of cgroups of version 2, or of systemd's own hierarchy beside those of version 1. */
export function unitOf(cgroup: string): string {
  const lines = cgroup.split('\n').flatMap((line) => /^\d+:(?:name=systemd)?:(.*)$/.exec(line)?.[1] ?? []);
  const parts = lines.flatMap((path) => path.split('/'));
  return parts.find((part) => /\.(?:service|scope)$/.test(part)) ?? '';
}

/** A title that was set is filled up with blanks. */
export function commandOf(cmdline: string): string {
  return cmdline.replace(/\0/g, ' ').trim().slice(0, 200);
}
