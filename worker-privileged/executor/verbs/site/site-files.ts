import { hasSocket, runsPhp, type SiteType } from '../../../../contract/domains.ts';
import { staying, type Step } from '../../ensure.ts';
import { paths, type Marker, type SiteFile } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
import { lookAtFiles } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import { wordsOf } from './home.ts';
import type { Story } from './story.ts';

/** Root's own folder of the site, where nginx and php-fpm find it by its id. */
export function siteFolder({ system: { files, folders, masters, relays }, spec }: Story): Step {
  const at = (file: SiteFile) => paths.siteFile(spec.id, file);
  const links: readonly (readonly [SiteFile, string])[] = [
    ['home', paths.home(spec.name)],
    ['php', masters.socketOf(spec.id)],
    ...(hasSocket(spec.type) ? [['app', relays.socketOf(spec.id)] as const] : []),
  ];
  const wanted: readonly WantedFile[] = [
    { path: at('site'), text: `${spec.id}\n` },
    ...links.map(([link, target]) => ({ path: at(link), link: target })),
  ];
  const folder = { uid: 0, gid: 0, mode: 0o755 };
  return {
    name: 'make the links',
    look: async () => {
      const found = await folders.look(paths.site(spec.id));
      if (found === null) return 'there is no folder of links';
      const words = wordsOf(paths.site(spec.id), found, folder);
      return words ?? lookAtFiles(files, wanted, 'the id is not written down, or a link leads elsewhere');
    },
    files: () => Promise.resolve(wanted),
    change: () =>
      inTurn([
        () => folders.ensure(paths.site(spec.id), folder),
        () => files.replace(at('site'), `${spec.id}\n`),
        ...links.map(
          ([link, target]) =>
            () =>
              files.link(at(link), target),
        ),
      ]),
  };
}

/** By which nginx knows what answers for a site; none of them where its files alone do. */
export function typeMarkers(type: SiteType) {
  return {
    'type-php': runsPhp(type),
    'type-app': hasSocket(type),
    'type-redirect': type === 'redirect',
  } satisfies Partial<Record<Marker, boolean>>;
}

/** What nginx does with the site: what answers, open, switched off or suspended. */
export function switches({ system, spec, suspended }: Story): Step {
  return markers(system, spec.id, {
    name: 'set the switches',
    wanted: {
      ...typeMarkers(spec.type),
      'https-only': spec.options.forceHttps,
      disabled: !spec.enabled,
      suspended,
    },
  });
}

/** From here on the site answers. */
export function live({ system, spec }: Story): Step {
  return markers(system, spec.id, { name: 'let it answer', wanted: { live: true } });
}

export function notLive(system: System, { id }: SiteEntry): Step {
  const step = markers(system, id, { name: 'let it answer no more', wanted: { live: false } });
  return staying(step);
}

export function siteFolderRemoved({ folders }: Pick<System, 'folders'>, { id }: SiteEntry): Step {
  return {
    name: 'remove the links',
    look: async () => ((await folders.look(paths.site(id))) === null ? null : 'the folder of links is there'),
    change: async () => {
      await folders.remove(paths.site(id));
      return null;
    },
  };
}

export function markers(
  { files }: Pick<System, 'files'>,
  id: Story['spec']['id'],
  { name, wanted }: { readonly name: string; readonly wanted: Partial<Record<Marker, boolean>> },
): Step {
  const file = (marker: Marker): WantedFile => {
    const path = paths.siteFile(id, marker);
    return wanted[marker] === true ? { path, text: '' } : { path, gone: true };
  };
  const wrong = async () => {
    const found: Marker[] = [];
    for (const marker of Object.keys(wanted) as Marker[])
      if ((await lookAtFiles(files, [file(marker)], marker)) !== null) found.push(marker);
    return found;
  };
  return {
    name,
    look: async () => {
      const found = await wrong();
      return found.length === 0 ? null : `a marker is not as it should be: ${found.join(', ')}`;
    },
    files: () => Promise.resolve((Object.keys(wanted) as Marker[]).map(file)),
    change: async () =>
      inTurn(
        (await wrong()).map((marker) => () => {
          const path = paths.siteFile(id, marker);
          return wanted[marker] ? files.replace(path, '') : files.remove(path);
        }),
      ),
  };
}
