import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { strangersInGroups } from './groups.ts';
import { readOwnAccounts, type OwnUser } from './own-users.ts';
import type { People, User } from './people.ts';

const NO_SHELL = /\/(?:nologin|false)$/;

export const users: Check = async (server) => {
  const [people, own] = [await server.people(), await readOwnAccounts()];
  const { entries } = await server.registry();
  return [
    ...doubles(people),
    ...own.users.flatMap((user) => ownUser(people, user)),
    ...strangersInGroups(people, own),
    ...sitesUsers(people, entries),
  ];
};

/** To the system, who has the same number is the same. */
export function doubles({ users: all, groups }: Pick<People, 'users' | 'groups'>): readonly Found[] {
  return [
    ...shared(all.map(({ name, uid }) => [name, uid])).map(([names, number]) =>
      wrong(
        `The users ${names} have one number, ${number}: to the system they are one.`,
        'Find out which of them should not be there, then userdel it; files belong to the number.',
      ),
    ),
    ...shared(groups.map(({ name, gid }) => [name, gid])).map(([names, number]) =>
      wrong(
        `The groups ${names} have one number, ${number}: to the system they are one.`,
        'Find out which of them should not be there, then groupdel it.',
      ),
    ),
  ];
}

function shared(named: readonly (readonly [name: string, number: number])[]) {
  const byNumber = new Map<number, string[]>();
  for (const [name, number] of named) byNumber.set(number, [...(byNumber.get(number) ?? []), name]);
  return [...byNumber].flatMap(([number, names]) =>
    names.length > 1 ? [[names.join(' and '), number] as const] : [],
  );
}

export function ownUser(people: People, { name, home, shell }: OwnUser): readonly Found[] {
  const user = people.users.find((each) => each.name === name);
  if (user === undefined) return [wrong(`The user ${name} is not there.`)];
  const elsewhere = home !== null && user.home !== home;
  return [
    ...cannotLogIn(people, user),
    ...(elsewhere
      ? [
          wrong(
            `The home of ${name} is ${user.home} and should be ${home}.`,
            `Run usermod --home ${home} ${name}.`,
          ),
        ]
      : []),
    ...(shell !== null && user.uid === 0
      ? [wrong(`The user ${name} has root's number.`, 'Take that line out of /etc/passwd.')]
      : []),
  ];
}

function cannotLogIn({ passwords }: People, { name, shell }: User): readonly Found[] {
  const locked = /^[!*]/.test(passwords.get(name) ?? '');
  return [
    ...(NO_SHELL.test(shell)
      ? []
      : [
          wrong(
            `The user ${name} has the shell ${shell} and should have none.`,
            `Run usermod --shell /usr/sbin/nologin ${name}.`,
          ),
        ]),
    ...(locked
      ? []
      : [wrong(`The user ${name} has a password and should have none.`, `Run passwd --lock ${name}.`)]),
  ];
}

export function sitesUsers(people: People, entries: readonly SiteEntry[]): readonly Found[] {
  const own = new Map(
    entries.filter(({ isolation }) => isolation === 'site').map((entry) => [entry.user, entry]),
  );
  const there = people.users.filter(({ name }) => name.startsWith('s-'));
  const names = new Set(there.map(({ name }) => name));
  const missing = [...own.values()].filter(
    ({ user, settings, purgingAt }) => settings !== null && purgingAt === null && !names.has(user),
  );
  return [
    ...there.flatMap((user) => siteUser(people, user, own.get(user.name))),
    ...missing.map(({ user, name }) =>
      wrong(
        `The user ${user} of the site ${name} is not there.`,
        `Ask for the site again: sculptorctl domain update ${name} --enable`,
      ),
    ),
  ];
}

function siteUser(people: People, user: User, entry: SiteEntry | undefined): readonly Found[] {
  const { name, uid, gid, home } = user;
  const remove = `Look whose processes and files they are, then userdel ${name}.`;
  if (entry === undefined || entry.purgedAt !== null)
    return [wrong(`The user ${name} belongs to no site that is here.`, remove)];
  const found = [...cannotLogIn(people, user)];
  if (uid !== entry.uid || gid !== entry.gid)
    found.push(
      wrong(
        `The user ${name} has the numbers ${uid}:${gid} and should have ${entry.uid}:${entry.gid}.`,
        remove,
      ),
    );
  if (home !== paths.home(entry.name))
    found.push(
      wrong(
        `The home of ${name} is ${home} and should be ${paths.home(entry.name)}.`,
        `Run usermod --home ${paths.home(entry.name)} ${name}.`,
      ),
    );
  if (entry.removedAt !== null && entry.purgingAt === null && !people.expired.has(name))
    found.push(
      wrong(
        `The user ${name} of a site in the trash is not locked.`,
        `Run usermod --lock --expiredate 1 ${name}.`,
      ),
    );
  return found;
}
