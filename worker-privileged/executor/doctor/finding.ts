import type { Commands } from '../system/command.ts';

/** `wrong`: a promise of the boundary does not hold. `warning`: it holds, and somebody should look. */
export type Level = 'wrong' | 'warning';

/** What is not as it should be: the thing by its name, and how to mend it, a command where there is one. */
export type Found = { readonly level: Level; readonly sentence: string; readonly mend: string };

export type Finding = Found & { readonly check: string };

export type DoctorTools = { readonly commands: Pick<Commands, 'run'> };

/** Looks, and changes nothing. */
export type Check = (tools: DoctorTools) => Promise<readonly Found[]>;

export function wrong(sentence: string, mend: string): Found {
  return { level: 'wrong', sentence, mend };
}

export function warning(sentence: string, mend: string): Found {
  return { level: 'warning', sentence, mend };
}
