import type { Operation } from './answers.ts';

export type Patience = {
  /** To be called with every state that is seen. */
  readonly see: (operation: Operation) => void;
  readonly end: () => void;
};

/**
 * Tells a person, once, why an operation is held back, or that it has not begun after so many milliseconds and what
 * that may mean.
 */
export function createPatience(ms: number, tell: (line: string) => void): Patience {
  let waits = true;
  let told = false;
  const tellOnce = (line: string): void => {
    if (!told) tell(line);
    told = true;
  };
  const timer = setTimeout(() => {
    if (waits) tellOnce(NOT_BEGUN);
  }, ms);
  return {
    see: ({ status, error }) => {
      waits = status === 'queued';
      if (waits && error !== null) tellOnce(`It is held back. ${error.message} ${error.hint}`);
    },
    end: () => clearTimeout(timer),
  };
}

const NOT_BEGUN =
  'It has not begun yet. sculptorctl health tells whether the agent can work; what was asked for stays asked for.';
