import { realpathSync } from 'node:fs';
import type { SiteEntry } from '../system/registry.ts';
import { FIRST_UID, LAST_UID } from '../system/registry.ts';
import { wrong, type Check, type Found } from './finding.ts';
import type { People } from './people.ts';
import type { Process } from './process-list.ts';

const CODE = '/usr/lib/sculptor/app';
const NODE = '/usr/lib/sculptor/node/bin/node';

/** Which code runs as which of the agent's users; nothing else may. */
const OWN = [
  { user: 'www-data', code: 'api/main.js', unit: 'sculptor-api.service' },
  { user: 'www-data', code: 'worker-unprivileged/main.js', unit: 'sculptor-worker-unprivileged.service' },
  { user: 'sculptor-mail', code: 'mailer/main.js', unit: 'sculptor-mailer.service' },
  { user: 'sculptor', code: 'worker-privileged/main.js', unit: 'sculptor-worker-privileged.service' },
] as const;

/** Beside the caches' Redis, while a site has one. */
const KEEPER = {
  user: 'sculptor-cache',
  code: 'worker-privileged/executor/keeper/main.js',
  unit: 'sculptor-cache-keeper.service',
} as const;

const CRON = '/usr/sbin/cron';
const INSTALL = 'Run scripts/install.sh --yes, which starts it.';

export type Running = {
  readonly processes: readonly Process[];
  readonly people: Pick<People, 'users' | 'groups'>;
  readonly entries: readonly SiteEntry[];
  readonly bySystemd: boolean;
  /** The real path of the interpreter. */
  readonly node: string;
};

/** Who is a user has its rights: so each of the agent's users is one program, and each site's user a site. */
export const processes: Check = async (server) =>
  strangers({
    processes: await server.processes(),
    people: await server.people(),
    entries: (await server.registry()).entries,
    bySystemd: (await server.config()).mode === 'systemd',
    node: realpathSync(NODE),
  });

export function strangers(running: Running): readonly Found[] {
  const found = running.processes.flatMap((process) => [
    ...asOwnUser(running, process),
    ...asSite(running, process),
    ...inGroup(running, process),
    ...replaced(process),
  ]);
  // Where systemd runs them, it says so itself.
  return running.bySystemd ? found : [...found, ...missing(running)];
}

function missing({ processes: all }: Running): readonly Found[] {
  const own = OWN.filter(({ code }) => !all.some(({ command }) => command.includes(`${CODE}/${code}`))).map(
    ({ code, unit }) =>
      wrong(`${CODE}/${code} does not run.`, `Run supervisorctl start ${unit.replace('.service', '')}.`),
  );
  if (all.some(({ program }) => program === CRON)) return own;
  return [...own, wrong(`${CRON} does not run: no cron of a site starts.`, INSTALL)];
}

function asOwnUser(running: Running, process: Process): readonly Found[] {
  return ['www-data', 'sculptor', 'sculptor-cache', 'sculptor-mail', 'sculptor-acme', 'nginx']
    .filter((user) => process.uids.includes(uidOf(running, user)) && !belongs(running, process, user))
    .map((user) => wrong(`${nameOf(process)} runs as ${user}, and is not the agent's.`, stop(process)));
}

function belongs(running: Running, process: Process, user: string): boolean {
  const program = process.program.replace(/ \(deleted\)$/, '');
  if (user === 'nginx') return program === '/usr/sbin/nginx';
  // Debian's redis-server is a link to its check.
  if (user === 'sculptor-cache' && /^\/usr\/bin\/redis-(?:server|check-rdb)$/.test(program)) return true;
  if (user === 'sculptor-acme') return isCertbot(running, process.unit, program);
  // On its way to root, where there is no socket for that.
  if (user === 'sculptor' && !running.bySystemd && program === '/usr/bin/sudo') return true;
  return [...OWN, KEEPER].some(
    (own) =>
      own.user === user &&
      program === running.node &&
      process.command.includes(`${CODE}/${own.code}`) &&
      (!running.bySystemd || process.unit === own.unit),
  );
}

/** Under Supervisor it is somewhere below the executor. */
function isCertbot({ bySystemd }: Running, unit: string, program: string): boolean {
  const known =
    /^\/usr\/bin\/(?:bash|python3[.0-9]*|curl|getent|flock|[a-z]?awk|head|tail|tr|grep|cut|paste|cat)$/;
  return bySystemd ? /^sculptor-certbot@[a-z0-9]{12}\.service$/.test(unit) : known.test(program);
}

function asSite({ entries, people }: Running, process: Process): readonly Found[] {
  const uid = process.uids.find((each) => each >= FIRST_UID && each <= LAST_UID);
  if (uid === undefined) return [];
  const entry = entries.find((each) => each.isolation === 'site' && each.uid === uid);
  const user = people.users.find((each) => each.uid === uid)?.name ?? `user ${uid}`;
  if (entry?.removedAt === null) return [];
  const why = entry === undefined ? 'who is no site here' : `whose site ${entry.name} was removed`;
  return [wrong(`${nameOf(process)} runs as ${user}, ${why}.`, stop(process))];
}

/** nginx's group opens every PHP socket and the API's, the queue's group opens Redis. */
function inGroup(running: Running, process: Process): readonly Found[] {
  const has = (group: string) => {
    const gid = running.people.groups.find(({ name }) => name === group)?.gid;
    return gid !== undefined && process.gids.includes(gid);
  };
  const isOwn = (user: string) => process.uids.includes(uidOf(running, user));
  const found: Found[] = [];
  if (has('nginx') && !isOwn('nginx'))
    found.push(wrong(`${nameOf(process)} runs in the group nginx, and is not nginx.`, stop(process)));
  if (has('sculptor-queue') && !['redis', 'www-data', 'sculptor'].some(isOwn))
    found.push(
      wrong(`${nameOf(process)} runs in the group sculptor-queue, and is not the agent's.`, stop(process)),
    );
  return found;
}

/** What runs is not what lies there any more. */
function replaced(process: Process): readonly Found[] {
  const { program, command, unit } = process;
  if (!program.endsWith(' (deleted)') || !command.includes(`${CODE}/`)) return [];
  const again = unit === '' ? 'Restart it.' : `Run systemctl restart ${unit}.`;
  return [wrong(`${nameOf(process)} runs a program that is no more, or was replaced.`, again)];
}

function uidOf({ people }: Running, user: string): number {
  return people.users.find(({ name }) => name === user)?.uid ?? -1;
}

function nameOf({ pid, program, command }: Process): string {
  return `Process ${pid} (${command === '' ? program : command})`;
}

function stop({ pid, unit }: Process): string {
  return /\.service$/.test(unit)
    ? `Find out who started it, then systemctl stop ${unit}.`
    : `Find out who started it, then kill ${pid}.`;
}
