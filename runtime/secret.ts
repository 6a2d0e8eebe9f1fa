import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';

/** Where the installer puts what systemd has not already handed over. */
export const SECRETS_DIRECTORY = '/etc/sculptor/secrets';

/** A text that no log line, error message or JSON document shows by accident; `reveal` is the one way to it. */
export interface Secret {
  readonly reveal: () => string;
  readonly toString: () => string;
}

const HIDDEN = '[secret]';

export function createSecret(text: string): Secret {
  const hide = (): string => HIDDEN;
  return Object.freeze({ reveal: () => text, toString: hide, toJSON: hide, [inspect.custom]: hide });
}

/**
 * Reads the secret of that name from the folder (systemd's CREDENTIALS_DIRECTORY, or SECRETS_DIRECTORY).
 * Throws when it is not there, not readable or empty; the message names the file, never what stands in it.
 */
export async function readSecret(directory: string, name: string): Promise<Secret> {
  const path = join(directory, name);
  const text = (await readFile(path, 'utf8')).trim();
  if (text === '') throw new Error(`the secret ${path} is empty`);
  return createSecret(text);
}
