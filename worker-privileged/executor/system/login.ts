import { readFileSync } from 'node:fs';

/** As whom somebody logged in at first, whatever they became since: the kernel keeps it. Nothing where nobody did. */
export function readLogin(path = '/proc/self/loginuid'): { readonly login?: number } {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch {
    return {};
  }
  // What it says of a process that no login began.
  return /^[0-9]{1,10}$/.test(text) && text !== '4294967295' ? { login: Number(text) } : {};
}
