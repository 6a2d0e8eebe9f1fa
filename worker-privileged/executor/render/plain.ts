/** A value that would mean something to the program that reads the text. It should have been refused long before. */
export class RenderError extends Error {
  constructor(what: string) {
    super(`${what} cannot be written into a configuration file`);
    this.name = 'RenderError';
  }
}

/**
 * The escaper of every dialect here: there is none. Ids, names and paths of ours are letters, digits and
 * `. _ - /`, which mean themselves to php-fpm, nginx, Supervisor and sysusers alike; all else is refused.
 */
export function plain(value: string | number): string {
  const text = String(value);
  if (!/^[A-Za-z0-9._/-]{1,512}$/.test(text) || text.includes('..')) throw new RenderError('a value');
  return text;
}
