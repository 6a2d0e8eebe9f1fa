import type { Server } from './server.ts';

/**
 * `wrong`: a promise of the boundary does not hold. `warning`: it holds, and somebody should look. `note`: what
 * somebody may want to know.
 */
export type Level = 'wrong' | 'warning' | 'note';

/** What is not as it should be: the thing by its name, and how to mend it, a command where there is one. */
export type Found = { readonly level: Level; readonly sentence: string; readonly mend: string };

export type Finding = Found & { readonly check: string };

/** Looks, and changes nothing. */
export type Check = (server: Server) => Promise<readonly Found[]>;

/** Puts back whatever the installation puts in place. */
export const INSTALL = 'Run scripts/install.sh --yes.';

export function wrong(sentence: string, mend: string = INSTALL): Found {
  return { level: 'wrong', sentence, mend };
}

export function warning(sentence: string, mend: string): Found {
  return { level: 'warning', sentence, mend };
}

export function note(sentence: string): Found {
  return { level: 'note', sentence, mend: '' };
}
