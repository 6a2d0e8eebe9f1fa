import { run } from '../machine/server.ts';

export type Finding = {
  readonly check: string;
  readonly level: 'wrong' | 'warning' | 'note';
  readonly sentence: string;
  readonly mend: string;
};
export type Examination = {
  readonly code: number | null;
  readonly good: boolean;
  readonly checks: readonly string[];
  readonly findings: readonly Finding[];
};

export function examine(): Examination {
  const { code, out, err } = run('sculptorctl', ['doctor', '--json']);
  if (out === '') throw new Error(`doctor said nothing: ${err}`);
  return { code, ...(JSON.parse(out) as Omit<Examination, 'code'>) };
}

/** What somebody has to do something about, in this server's power: the kernel of a container is its host's. */
export function complaints({ findings }: Examination): readonly string[] {
  return findings
    .filter(({ level, check }) => level === 'wrong' || (level === 'warning' && check !== 'kernel'))
    .map(({ check, sentence }) => `${check}: ${sentence}`);
}
