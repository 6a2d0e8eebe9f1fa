import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { must } from '../machine/server.ts';

/** A folder that anybody can read, gone afterwards. */
export function withFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync('/var/tmp/render-');
  chmodSync(folder, 0o755);
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a shell's script as root with mounts and a network of its own, so that programs read our files under the names
 * that they have on a server, and the server does not notice. `$1` is the folder.
 */
export function apart(folder: string, script: string, input = ''): string {
  const shell = ['/bin/sh', '-euc', `ip link set lo up\n${script}`, 'sh', folder];
  return must('unshare', ['--mount', '--net', '--propagation', 'private', ...shell], input);
}
