import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import type { DomainId } from '../../../contract/ids.ts';
import { paths } from '../system/paths.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { ownerOf, type People } from './people.ts';
import { withPhp, withRelay, type Standing } from './standing.ts';
import { parseUnit, valueOf } from './unit-file.ts';

/** `mend` is for one that is not there. */
type Place = { readonly path: string; readonly rights: string; readonly mend: string };

const UNITS = '/etc/systemd/system';
const TMPFILES = '/etc/tmpfiles.d/sculptor.conf';
const RESTART = 'Start what makes it, or run scripts/install.sh --yes.';

/** Made by the processes themselves. */
const BY_PROCESSES: readonly Place[] = [
  ['/run/sculptor', 'www-data:nginx 2750'],
  ['/run/sculptor/api.sock', 'www-data:nginx 660'],
  ['/run/sculptor-redis', 'redis:sculptor-queue 750'],
  ['/run/sculptor-redis/redis.sock', 'redis:sculptor-queue 770'],
  ['/run/supervisor.sock', 'root:root 700'],
].map(([path = '', rights = '']) => ({ path, rights, mend: RESTART }));

/** Whoever may speak to it starts programs as any user. */
const SITES_SUPERVISOR: readonly Place[] = [
  '/run/sculptor-supervisor',
  '/run/sculptor-supervisor/supervisor.sock',
].map((path) => ({
  path,
  rights: 'root:root 700',
  mend: 'Run systemctl start sculptor-supervisor.service.',
}));

/** Who may open a socket may speak to what is behind it. */
export const sockets: Check = async (server) => {
  const people = await server.people();
  const { entries } = await server.registry();
  const bySystemd = (await server.config()).mode === 'systemd';
  const [phpAt, relayAt] = bySystemd
    ? [paths.unitSocket, paths.relaySocket]
    : [paths.supervisedSocket, paths.supervisedRelaySocket];
  const php = withPhp(entries).map((site) => ofSite(site, phpAt));
  const relays = withRelay(entries).map((site) => ofSite(site, relayAt));
  const bySystem = bySystemd ? [...temporaryFolders(), ...socketUnits(), ...SITES_SUPERVISOR] : [];
  return [
    ...[...BY_PROCESSES, ...bySystem, ...php, ...relays].flatMap((each) => asItShould(people, each)),
    ...nobodys(bySystemd ? '/run/sculptor-php' : '/var/lib/sculptor-php', php),
    ...nobodys(bySystemd ? '/run/sculptor-relay' : '/var/lib/sculptor-relay', relays),
  ];
};

function ofSite({ id, name }: Standing, socketOf: (id: DomainId) => string): Place {
  return {
    path: socketOf(id),
    rights: 'root:nginx 660',
    mend: `Run sculptorctl domain update ${name} --enable.`,
  };
}

function temporaryFolders(): readonly Place[] {
  return foldersIn(readFileSync(TMPFILES, 'utf8')).map((folder) => ({
    ...folder,
    mend: 'Run systemd-tmpfiles --create.',
  }));
}

/** tmpfiles.d(5), as far as our own file goes. */
export function foldersIn(text: string): readonly Omit<Place, 'mend'>[] {
  return Array.from(
    text.matchAll(/^d (\S+) (\d+) (\S+) (\S+)$/gm),
    ([, path = '', mode = '', user = '', group = '']) => ({
      path,
      rights: `${user}:${group} ${sameMode(mode)}`,
    }),
  );
}

/** Those that systemd makes for the agent's own parts; the sites' are instances of templates. */
function socketUnits(): readonly Place[] {
  return readdirSync(UNITS)
    .filter((name) => /^sculptor-[a-z-]+\.socket$/.test(name))
    .flatMap((name) => {
      const socket = socketIn(readFileSync(`${UNITS}/${name}`, 'utf8'));
      return socket === null ? [] : [{ ...socket, mend: `Run systemctl restart ${name}.` }];
    });
}

export function socketIn(text: string): Omit<Place, 'mend'> | null {
  const unit = parseUnit(text);
  const said = (key: string, otherwise: string) => valueOf(unit, `Socket.${key}`) ?? otherwise;
  const path = valueOf(unit, 'Socket.ListenStream') ?? valueOf(unit, 'Socket.ListenDatagram');
  if (path?.startsWith('/') !== true) return null;
  const owner = `${said('SocketUser', 'root')}:${said('SocketGroup', 'root')}`;
  return { path, rights: `${owner} ${sameMode(said('SocketMode', '0666'))}` };
}

function sameMode(octal: string): string {
  return parseInt(octal, 8).toString(8);
}

function asItShould(people: People, { path, rights, mend }: Place): readonly Found[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [wrong(`${path} is not there.`, mend)];
  const is = `${ownerOf(people, stats)} ${(stats.mode & 0o7777).toString(8)}`;
  const [owner = '', mode = ''] = rights.split(' ');
  if (is === rights) return [];
  return [
    wrong(
      `${path} is ${is} and should be ${rights}.`,
      `Run chown ${owner} ${path}, then chmod ${mode} ${path}.`,
    ),
  ];
}

function nobodys(folder: string, ours: readonly Place[]): readonly Found[] {
  const known = new Set(ours.map(({ path }) => path));
  return readdirSync(folder)
    .map((name) => `${folder}/${name}`)
    .filter((path) => !known.has(path))
    .map((path) => wrong(`${path} belongs to no site that has it on.`, 'Look who made it, and remove it.'));
}
