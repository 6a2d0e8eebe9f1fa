import { readFile } from 'node:fs/promises';
import { paths } from '../system/paths.ts';

export type User = {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
};
export type Group = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/** The system's accounts, as its files have them. */
export type People = {
  readonly users: readonly User[];
  readonly groups: readonly Group[];
  /** What stands in the place of a user's or a group's password. */
  readonly passwords: ReadonlyMap<string, string>;
  readonly groupPasswords: ReadonlyMap<string, string>;
  /** Users that are past their end: nothing of theirs starts any more. */
  readonly expired: ReadonlySet<string>;
};

export async function readPeople(): Promise<People> {
  const [passwd, group, shadow, gshadow] = await Promise.all(
    [paths.passwd, paths.group, paths.shadow, '/etc/gshadow'].map((path) => readFile(path, 'utf8')),
  );
  return parsePeople({ passwd, group, shadow, gshadow });
}

type Texts = { readonly [F in 'passwd' | 'group' | 'shadow' | 'gshadow']?: string | undefined };

export function parsePeople({ passwd, group, shadow, gshadow }: Texts): People {
  const secrets = fieldsOf(shadow);
  return {
    users: fieldsOf(passwd).map(([name = '', , uid, gid, , home = '', shell = '']) => ({
      name,
      uid: Number(uid),
      gid: Number(gid),
      home,
      shell,
    })),
    groups: fieldsOf(group).map(([name = '', , gid, members = '']) => ({
      name,
      gid: Number(gid),
      members: members.split(',').filter(Boolean),
    })),
    passwords: new Map(secrets.map(([name = '', password = '']) => [name, password])),
    groupPasswords: new Map(fieldsOf(gshadow).map(([name = '', password = '']) => [name, password])),
    expired: new Set(secrets.flatMap(([name = '', ...rest]) => (rest[6] === '1' ? [name] : []))),
  };
}

/** As `stat` shows an owner: by name where there is one. */
export function ownerOf(
  { users, groups }: Pick<People, 'users' | 'groups'>,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): string {
  const user = users.find((each) => each.uid === uid)?.name ?? String(uid);
  return `${user}:${groups.find((each) => each.gid === gid)?.name ?? String(gid)}`;
}

function fieldsOf(text = ''): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'));
}
