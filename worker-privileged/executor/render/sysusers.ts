import { plain } from './plain.ts';

export type AccountLine = { readonly user: string; readonly uid: number; readonly home: string };

/** sysusers.d(5): a user, its group of the same name and number, a home, no shell. */
export function renderSysusersLine({ user, uid, home }: AccountLine): string {
  return `u ${plain(user)} ${plain(uid)} "Sculptor site" ${plain(home)} /usr/sbin/nologin\n`;
}
