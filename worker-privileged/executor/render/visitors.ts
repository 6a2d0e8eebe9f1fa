import type { BasicAuth } from '../../../contract/visitors.ts';
import { RenderError } from './plain.ts';

/** Who may visit a site, as nginx looks them up: a name and what crypt() made of a password on each line. */
export function renderVisitors({ users }: NonNullable<BasicAuth>): string {
  return users.map(({ name, passwordHash }) => `${word(name)}:${word(passwordHash)}\n`).join('');
}

function word(text: string): string {
  if (!/^[A-Za-z0-9$./=_@-]{1,200}$/.test(text)) throw new RenderError('a visitor');
  return text;
}
