import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rule } from './faults.ts';

/** A safeguard, how it is taken away where the agent is installed, and what the checker has to find then. */
export type Weakening = {
  readonly name: string;
  /** In the source; what is installed has the same text, without its types. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Any of these. */
  readonly found: readonly Rule[];
  /** What the nemesis does then, so that what is missing is needed. */
  readonly strikes: readonly string[];
};

export const WEAKENINGS: readonly Weakening[] = [
  {
    name: 'no-sweep',
    file: 'worker-privileged/sweep.ts',
    from: '      await putBack(parts);\n',
    to: '',
    found: ['without an end'],
    strikes: ['kill sculptor-worker-privileged at work', 'kill sculptor-worker-privileged', 'flush Redis'],
  },
  {
    name: 'no-epoch',
    file: 'state/tickets.ts',
    from: 'id = ? AND epoch = ? AND',
    to: 'id = ? AND epoch >= ? AND',
    found: ['ended by another', 'ended meanwhile', 'at once'],
    strikes: ['supplant'],
  },
  {
    name: 'no-lock',
    file: 'worker-privileged/executor/server/dispatch.ts',
    from: '(isFree ? act() : locks.during(key, act))',
    to: 'act()',
    found: ['at once'],
    strikes: ['supplant'],
  },
  {
    name: 'no-worker-lock',
    file: 'worker-privileged/worker-lock.ts',
    from: 'return taken?.yes === 1;',
    to: 'return true;',
    found: ['two workers'],
    strikes: ['second worker'],
  },
];

const INSTALLED = '/usr/lib/sculptor/app';

/** To be done while the agent is stopped. */
export function weaken({ file, from, to, name }: Weakening): void {
  const path = join(INSTALLED, file.replace(/\.ts$/, '.js'));
  const parts = readFileSync(path, 'utf8').split(from);
  if (parts.length !== 2) throw new Error(`the text of ${name} stands ${parts.length - 1} times in ${path}`);
  writeFileSync(path, parts.join(to));
}
