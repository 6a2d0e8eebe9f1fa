import type { Operation } from './answers.ts';

export type Patience = {
  /** To be called with every state that is seen. */
  readonly see: (operation: Operation) => void;
  readonly end: () => void;
};

/** Tells a person, once, that an operation has not begun after so many milliseconds, and what that may mean. */
export function createPatience(ms: number, tell: (line: string) => void): Patience {
  let waits = true;
  const timer = setTimeout(() => {
    if (!waits) return;
    tell(
      'It has not begun yet. sculptorctl health tells whether the agent can work; what was asked for stays asked for.',
    );
  }, ms);
  return {
    see: ({ status }) => {
      waits = status === 'queued';
    },
    end: () => clearTimeout(timer),
  };
}
