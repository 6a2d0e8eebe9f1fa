import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const TREE = join(__dirname, '../..');
const SCRIPT = join(TREE, 'scripts/machine.sh');

/** Output of a script that was run in a throwaway server, cut where the script said so. */
export type Story = {
  readonly code: number | null;
  readonly parts: ReadonlyMap<string, string>;
  readonly all: string;
};

/** A line that `cut` prints: what follows it, up to the next such line, is that part's. */
const MARK = '::::';

export function cut(name: string): string {
  return `printf '\\n${MARK} %s\\n' ${quoted(name)}`;
}

/** Runs a shell script as root in a throwaway server, in the tree; standard error is part of the story. */
export function tell(machine: readonly string[], script: string): Story {
  const { status, stdout, stderr } = spawnSync(SCRIPT, [...machine, '--', 'bash', '-c', BEGIN], {
    input: script,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const [, ...cuts] = stdout.split(`\n${MARK} `);
  const parts = cuts.map(
    (text) => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n') + 1)] as const,
  );
  return { code: status, parts: new Map(parts), all: stdout + stderr };
}

// The script is read whole before it starts, so that no command of it can take the rest for its input.
const BEGIN =
  'cd /usr/src/sculptor-agent && script=$(cat) && exec bash -euo pipefail -c "$script" 2>&1 </dev/null';

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
