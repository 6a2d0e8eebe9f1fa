import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { hasSocket } from '../../../contract/domains.ts';
import { needsServerBlock, renderServerBlock } from '../render/server-block.ts';
import { paths, type Marker } from '../system/paths.ts';
import { snippetsRead, staleSnippets } from './snippets.ts';
import type { SiteEntry } from '../system/registry.ts';
import { typeMarkers } from '../verbs/site/site-files.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { ownerOf, type People } from './people.ts';
import { askAgain, standing, type Standing } from './standing.ts';
import { strays } from './strays.ts';

/** Each site's folders, links and markers, by what the registry has of it; and what no site has. */
export const sites: Check = async (server) => {
  const [people, { entries }, { mode }] = [
    await server.people(),
    await server.registry(),
    await server.config(),
  ];
  const [socketOf, relayOf] =
    mode === 'systemd'
      ? [paths.unitSocket, paths.relaySocket]
      : [paths.supervisedSocket, paths.supervisedRelaySocket];
  return [
    ...standing(entries).flatMap((site) => [
      ...folders(people, site),
      ...links(site, { php: socketOf(site.id), app: relayOf(site.id) }),
      ...names(site),
      ...serverBlock(site),
      ...staleSnippets(site),
    ]),
    ...entries.flatMap(trashed),
    ...strays(entries),
  ];
};

function folders(people: People, site: Standing): readonly Found[] {
  const home = paths.home(site.name);
  const group = site.user === 'www' ? 'www' : site.user;
  const wanted = [
    [home, 'root:root 755'],
    [`${home}/public`, `${site.user}:nginx 2750`],
    [`${home}/private`, `${site.user}:${group} 700`],
    [`${home}/tmp`, `${site.user}:${group} 700`],
  ] as const;
  return wanted.flatMap(([path, should]) => {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    const is =
      stats?.isDirectory() === true ? `${ownerOf(people, stats)} ${(stats.mode & 0o7777).toString(8)}` : null;
    if (is === should) return [];
    return [wrong(`${path} is ${is ?? 'no folder'} and should be ${should}.`, askAgain(site))];
  });
}

type Sockets = { readonly php: string; readonly app: string };

function links(site: Standing, sockets: Sockets): readonly Found[] {
  const { id, name, settings } = site;
  const folder = paths.site(id);
  const markers: Readonly<Record<Marker, boolean>> = {
    live: true,
    ...typeMarkers(settings.type),
    'https-only': settings.options.forceHttps,
    disabled: !settings.enabled,
    suspended: site.suspended,
  };
  return [
    ...leadsTo(site, `${folder}/home`, paths.home(name)),
    ...leadsTo(site, `${folder}/php`, sockets.php),
    ...(hasSocket(settings.type) ? leadsTo(site, `${folder}/app`, sockets.app) : []),
    ...(textOf(`${folder}/site`) === `${id}\n`
      ? []
      : [wrong(`${folder}/site does not say ${id}.`, askAgain(site))]),
    ...Object.entries(markers)
      .filter(([marker, there]) => (kindOf(`${folder}/${marker}`) === 'file') !== there)
      .map(([marker, there]) =>
        wrong(
          `${folder}/${marker} is ${there ? 'not there and should be' : 'there and should not'}.`,
          askAgain(site),
        ),
      ),
  ];
}

/** By its names the common server block finds a site; where it has one of its own they lead nowhere. */
function names(site: Standing): readonly Found[] {
  const own = needsServerBlock({ ...site.settings, names: site.names, snippets: snippetsRead(site.id) });
  return site.names.flatMap((name) =>
    leadsTo(site, paths.host(name), own ? `../held/${site.id}` : `../sites/${site.id}`),
  );
}

function leadsTo(site: Standing, path: string, target: string): readonly Found[] {
  const now = kindOf(path) === 'link' ? readlinkSync(path) : null;
  if (now === target) return [];
  const is = now === null ? 'is no link' : `leads to ${now}`;
  return [wrong(`${path} ${is} and should lead to ${target}.`, askAgain(site))];
}

/** The registry does not keep the order of the names. */
function serverBlock(site: Standing): readonly Found[] {
  const { id, settings } = site;
  const { type, publicDirectory, options } = settings;
  const block = { id, type, names: site.names, publicDirectory, options, snippets: snippetsRead(id) };
  const wanted = needsServerBlock(block) ? wordsOf(renderServerBlock(block)) : null;
  const text = textOf(paths.serverBlock(id));
  const now = text === null ? null : wordsOf(text);
  if (now === wanted) return [];
  const should =
    wanted === null ? 'there and should not' : now === null ? 'not there' : 'not what the agent wrote';
  return [wrong(`${paths.serverBlock(id)} is ${should}.`, askAgain(site))];
}

function wordsOf(text: string): string {
  return (text.match(/[^\s;]+/g) ?? []).sort().join(' ');
}

/** What was removed is kept, closed, and nothing of it is served. */
function trashed({ id, name, trash, home, removedAt, purgingAt }: SiteEntry): readonly Found[] {
  if (removedAt === null || purgingAt !== null) return [];
  const lost = home && trash !== null && kindOf(paths.trashed(id, trash)) !== 'folder';
  return lost
    ? [
        wrong(
          `The files of ${name}, which was removed, are not at ${paths.trashed(id, trash)}.`,
          'Take them from a backup.',
        ),
      ]
    : [];
}

function kindOf(path: string): 'link' | 'folder' | 'file' | 'other' | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isDirectory()) return 'folder';
  return stats.isFile() ? 'file' : 'other';
}

function textOf(path: string): string | null {
  return kindOf(path) === 'file' ? readFileSync(path, 'utf8') : null;
}
