import { wrong, type Found } from './finding.ts';
import type { OwnAccounts } from './own-users.ts';
import type { Group, People } from './people.ts';

/** A group of the agent's opens sockets and files to those alone whose own it is; none of its users is in another. */
export function strangersInGroups(people: People, own: OwnAccounts): readonly Found[] {
  const ours = (name: string) => own.groups.includes(name) || name.startsWith('s-');
  const ourUser = (name: string) => own.users.some((user) => user.name === name) || name.startsWith('s-');
  return [
    ...people.groups.flatMap(({ name, members }) =>
      members.filter((member) => ours(name) || ourUser(member)).map((member) => inGroup(member, name)),
    ),
    ...people.groups.filter(({ name }) => ours(name)).flatMap((group) => bornInto(people, group)),
    ...people.groups.filter(({ name }) => ours(name) && hasPassword(people, name)).map(open),
    ...own.groups
      .filter((group) => people.groups.every(({ name }) => name !== group))
      .map((group) => wrong(`The group ${group} is not there.`)),
  ];
}

function inGroup(member: string, group: string): Found {
  return wrong(
    `${member} is in the group ${group}, which lets it reach what is not its own.`,
    `Run gpasswd --delete ${member} ${group}.`,
  );
}

function bornInto({ users }: People, { name: group, gid }: Group): readonly Found[] {
  return users
    .filter((user) => user.gid === gid && user.name !== group)
    .map((user) =>
      wrong(
        `${user.name} has ${group} for its own group, which lets it reach what is not its own.`,
        `Run usermod --gid ${user.name} ${user.name}.`,
      ),
    );
}

/** newgrp(1) asks for it. */
function hasPassword({ groupPasswords }: People, name: string): boolean {
  return !/^(?:[!*]|$)/.test(groupPasswords.get(name) ?? '');
}

function open({ name }: Group): Found {
  return wrong(
    `The group ${name} has a password: whoever knows it is in the group.`,
    `Run gpasswd --restrict ${name}, then gpasswd --remove-password ${name}.`,
  );
}
