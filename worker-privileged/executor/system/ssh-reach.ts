import { readFile } from 'node:fs/promises';
import { FailureError } from '../../../contract/failures.ts';
import { because } from './because.ts';
import type { Commands } from './command.ts';
import { FIRST_UID, LAST_UID } from './registry.ts';

/** Somebody who is on this server by ssh now: by which of its ports, and from where. */
export type Session = { readonly port: number; readonly peer: string };

export type SshReach = { readonly ports: readonly number[]; readonly sessions: readonly Session[] };

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  /** As whom a process runs, as Linux tells it. */
  readonly uidOf?: (pid: number) => Promise<number | null>;
};

/** How this server is reached by ssh: where sshd would listen, where it does, and who is on it. */
export async function readSshReach({ commands, uidOf = readUid }: Tools): Promise<SshReach> {
  const told = await commands.run({ file: '/usr/sbin/sshd', args: ['-T'] }).catch((cause: unknown) => {
    throw because(
      cause,
      new FailureError(
        'server_broken',
        'sshd does not say where it listens, so it is not known what has to stay open.',
        'Mend its configuration: sshd -t tells more.',
      ),
    );
  });
  const socket = ['show', '--property=ActiveState', '--property=Listen', '--', 'ssh.socket'];
  const handed = await commands.run({ file: '/usr/bin/systemctl', args: socket }).catch(() => '');
  const listening = listenersIn(await commands.run({ file: SS, args: ['-H', '-lntp'] }));
  const open = await commands.run({ file: SS, args: ['-H', '-ntp', 'state', 'established'] });
  const sessions = await administratorsIn(open, uidOf);
  const ports = [
    ...numbersIn(told, /^listenaddress .*:([0-9]{1,5})$/gm),
    ...(/^ActiveState=active$/m.test(handed) ? numbersIn(handed, /[:=]([0-9]{1,5}) \(Stream\)$/gm) : []),
    ...(await those(listening, uidOf, isRoots)).map(({ port }) => port),
    ...sessions.map(({ port }) => port),
  ];
  return { ports: [...new Set(ports)], sessions };
}

/** Of the lines of `ss -H -ntp state established`: who has logged in, but for who puts files on a site. */
export async function administratorsIn(
  text: string,
  uidOf: (pid: number) => Promise<number | null> = readUid,
): Promise<readonly Session[]> {
  const sessions = await those(sessionsIn(text), uidOf, isAdministrators);
  return sessions.map(({ port, peer }) => ({ port, peer }));
}

const SS = '/usr/bin/ss';

function numbersIn(text: string, pattern: RegExp): readonly number[] {
  return Array.from(text.matchAll(pattern), ([, number]) => Number(number)).filter((number) => number > 0);
}

/** A process calls itself what it likes: who it is, only its user says. */
type Socket = { readonly port: number; readonly pids: readonly number[] };
type Connection = Session & Socket;

export function listenersIn(text: string): readonly Socket[] {
  const lines = text.matchAll(/^LISTEN +\S+ +\S+ +\S+:([0-9]+) +\S+ +users:\((.*)\)$/gm);
  return Array.from(lines, ([, port, users = '']) => ({ port: Number(port), pids: pidsIn(users) })).filter(
    ({ pids }) => pids.length > 0,
  );
}

/** Of the lines of ss: what sshd serves, but for what comes from this server itself. */
export function sessionsIn(text: string): readonly Connection[] {
  return text.split('\n').flatMap((line) => {
    const [, port, peer = '', users = ''] =
      /^\S+ +\S+ +\S+:([0-9]+) +\[?([0-9a-zA-Z.:%]+?)\]?:[0-9]+ +users:\((.*)\)$/.exec(line) ?? [];
    const pids = pidsIn(users);
    if (port === undefined || pids.length === 0) return [];
    const address = peer.replace(/^::ffff:(?=[0-9.]+$)/, '').replace(/%.*$/, '');
    if (address === '::1' || address.startsWith('127.')) return [];
    return [{ port: Number(port), peer: address, pids }];
  });
}

/** Of what sshd alone holds. A name that is made to look like more of the line, which ss writes as it is, is of nobody. */
function pidsIn(users: string): readonly number[] {
  if (!/^\("sshd[^"]*",pid=[0-9]+,fd=[0-9]+\)(?:,\("sshd[^"]*",pid=[0-9]+,fd=[0-9]+\))*$/.test(users))
    return [];
  return Array.from(users.matchAll(/,pid=([0-9]+),/g), ([, pid]) => Number(pid));
}

async function those<T extends Socket>(
  all: readonly T[],
  uidOf: (pid: number) => Promise<number | null>,
  are: (uids: readonly number[]) => boolean,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (const one of all) {
    const uids = await Promise.all(one.pids.map(uidOf));
    // Of one that has ended meanwhile nobody can say whose it was.
    if (!uids.includes(null) && are(uids as number[])) found.push(one);
  }
  return found;
}

function isRoots(uids: readonly number[]): boolean {
  return uids.length > 0 && uids.every((uid) => uid === 0);
}

/**
 * Neither who has not logged in yet, for whom sshd has a child as a user of the system, nor who puts files on a site:
 * they would have a say in what root may change.
 */
function isAdministrators(uids: readonly number[]): boolean {
  return uids.includes(0) && uids.every((uid) => uid === 0 || (uid >= 1000 && !isOfASite(uid)));
}

function isOfASite(uid: number): boolean {
  return uid >= FIRST_UID && uid <= LAST_UID;
}

async function readUid(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const uid = /^Uid:\t([0-9]+)\t/m.exec(status)?.[1];
  return uid === undefined ? null : Number(uid);
}
