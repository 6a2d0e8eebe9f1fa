import type { Redirect } from '../../contract/redirects.ts';
import { UsageError } from '../errors.ts';

/** `https://other.example`, then, parted by commas, a status and `noPath`; `none` for no redirect. */
export function typedRedirect(text: string): Record<string, unknown> | null {
  if (text === 'none') return null;
  const words = text.split(',');
  const more = words.filter((word) => /^(?:[0-9]{3}|noPath)$/.test(word));
  // A comma may be part of the address.
  const to = words.slice(0, words.length - more.length).join(',');
  if (!/^https?:/i.test(to))
    throw new UsageError('redirect is none, or an address such as https://other.example,302,noPath');
  const status = more.find((word) => word !== 'noPath');
  return {
    to,
    ...(status === undefined ? {} : { status: Number(status) }),
    ...(more.includes('noPath') ? { keepPath: false } : {}),
  };
}

export function redirectText(redirect: Redirect | null): string {
  if (redirect === null) return 'none';
  const { to, status, keepPath } = redirect;
  return `${to},${status}${keepPath ? '' : ',noPath'}`;
}
