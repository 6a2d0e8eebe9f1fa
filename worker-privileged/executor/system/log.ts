export type Log = (
  level: 'info' | 'error',
  message: string,
  facts?: Readonly<Record<string, unknown>>,
) => void;

/** One line of JSON an event. Only printable ASCII leaves: what others sent must not act on a terminal. */
export function createLog(write: (line: string) => void): Log {
  return (level, message, facts = {}) => {
    write(`${asciiJson({ time: new Date().toISOString(), level, message, ...facts })}\n`);
  };
}

/** JSON in which every character outside printable ASCII is escaped. */
export function asciiJson(facts: unknown): string {
  return JSON.stringify(facts).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What of an error goes to the log. */
export function causeOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { cause: String(error) };
  const said = 'stderr' in error ? { stderr: error.stderr } : {};
  const before = error.cause === undefined ? {} : { because: causeOf(error.cause) };
  return { cause: error.message, stack: error.stack, ...said, ...before };
}
