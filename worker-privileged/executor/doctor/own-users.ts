import { readFile } from 'node:fs/promises';

/** A user that the agent's processes run as. Its home and shell are null where the distribution chose them. */
export type OwnUser = { readonly name: string; readonly home: string | null; readonly shell: string | null };
export type OwnAccounts = { readonly users: readonly OwnUser[]; readonly groups: readonly string[] };

/** The distribution's, which the API runs as. */
const API: OwnUser = { name: 'www-data', home: null, shell: null };

/** What the installation made its users from. */
export async function readOwnAccounts(): Promise<OwnAccounts> {
  return parseSysusers(await readFile('/etc/sysusers.d/sculptor.conf', 'utf8'));
}

/** sysusers.d(5), as far as our own file goes. */
export function parseSysusers(text: string): OwnAccounts {
  const lines = text.split('\n').filter((line) => /^[ug] /.test(line));
  const users = lines.flatMap((line) => {
    const found = /^u (\S+) \S+ "[^"]*" (\S+) (\S+)$/.exec(line);
    return found ? [{ name: found[1] ?? '', home: found[2] ?? '', shell: found[3] ?? '' }] : [];
  });
  const groups = lines.flatMap((line) => /^g (\S+)/.exec(line)?.[1] ?? []);
  const all = [API, ...users];
  return { users: all, groups: [...all.map(({ name }) => name), ...groups] };
}
