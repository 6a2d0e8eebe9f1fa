import { FailureError } from '../../../../contract/failures.ts';
import { runsPhp, type SiteSpec } from '../../../../contract/domains.ts';
import { PhpVersion } from '../../../../contract/names.ts';
import type { Step, Undo } from '../../ensure.ts';
import { renderFpm, type FpmConf } from '../../render/fpm.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
import { lookAtFiles } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import type { SitePlan } from './share.ts';
import { accountOf, entryOf, poolOf, type Story } from './story.ts';

/** The version that the site shall run, the newest where none is named; null where its PHP shall not run. */
export async function choosePhp(
  { phpFpm }: Pick<System, 'phpFpm'>,
  { type, enabled, phpVersion }: SiteSpec,
): Promise<PhpVersion | null> {
  if (!runsPhp(type) || !enabled) return null;
  const versions = await phpFpm.versions();
  const version = phpVersion ?? versions.at(-1);
  if (version !== undefined && versions.includes(version)) return version;
  throw new FailureError(
    'php_version_missing',
    `PHP ${version ?? ''} is not installed on this server.`,
    versions.length > 0 ? `Choose one of ${versions.join(', ')}.` : 'Install php-fpm on the server.',
  );
}

/** The version that its master is started from; null where there is none. */
export async function versionOf(
  { files }: Pick<System, 'files'>,
  id: SiteSpec['id'],
): Promise<PhpVersion | null> {
  const link = await files.readLink(paths.siteFile(id, 'php-fpm'));
  const version = PhpVersion.safeParse(link?.slice(paths.phpMasters.length + '/php-fpm'.length)).data;
  return version ?? null;
}

/** What has to be known of a site to write its master's configuration. */
export type Configured = Pick<Story, 'system' | 'plan'> & {
  readonly spec: Pick<SiteSpec, 'id' | 'name' | 'isolation'>;
};

export function fpmConf({ system, spec, plan }: Configured, version: PhpVersion): FpmConf {
  const { id, name } = spec;
  const socket = system.masters.socketOf(id);
  return renderFpm({ id, name, version, socket, home: paths.home(name), plan });
}

/**
 * The master's configuration and its version, taken by php-fpm itself before they count, and a master that runs
 * started anew from them. The registry says from which: if this breaks off half-way, it does not say these.
 */
export function phpConfigured(story: Configured, version: PhpVersion): Step {
  const { system, spec } = story;
  const { files, masters } = system;
  const { text, ping } = fpmConf(story, version);
  const conf = paths.siteFile(spec.id, 'fpm.conf');
  const link = paths.siteFile(spec.id, 'php-fpm');
  const wanted: readonly WantedFile[] = [
    { path: conf, text },
    { path: link, link: paths.phpMaster(version) },
  ];
  return {
    name: 'configure PHP',
    files: () => Promise.resolve(wanted),
    look: async () => {
      const words = await lookAtFiles(files, wanted, 'the configuration or the version is another');
      if (words !== null) return words;
      return (await system.registry.read(spec.id))?.php === ping ? null : 'it was not started from this';
    },
    change: () => {
      const refresh = () => masters.refresh(poolOf(spec));
      // Undone in reverse: the master is started anew when the old files are back.
      return inTurn([
        () => checked(story, { version, text }),
        () => startedFrom(story, null),
        () => Promise.resolve(refresh),
        () => files.replace(conf, text),
        () => files.link(link, paths.phpMaster(version)),
        () => refresh().then(() => nothing),
        () => startedFrom(story, ping),
      ]);
    },
  };
}

/** Its socket is there, now and after a restart of the server. */
export function phpOn({
  system: { masters },
  spec,
  plan,
}: {
  readonly system: Pick<System, 'masters'>;
  readonly spec: Pick<SiteSpec, 'id' | 'isolation'>;
  readonly plan: SitePlan;
}): Step {
  const pool = poolOf(spec, plan);
  return {
    name: 'turn PHP on',
    look: () => masters.lookOn(pool),
    change: async () => {
      await masters.turnOn(pool);
      return () => masters.turnOff(pool);
    },
  };
}

export function phpOff(
  { masters }: Pick<System, 'masters'>,
  site: Pick<SiteEntry, 'id' | 'isolation'>,
): Step {
  const pool = poolOf(site);
  return {
    name: 'turn PHP off',
    look: () => masters.lookOff(pool),
    change: async () => {
      await masters.turnOff(pool);
      return null;
    },
  };
}

/** The candidate lies beside the file it is for, and is gone whatever php-fpm says of it. */
async function checked(
  story: Configured,
  { version, text }: { readonly version: PhpVersion; readonly text: string },
): Promise<Undo> {
  const { files, phpFpm } = story.system;
  const file = paths.siteFile(story.spec.id, 'fpm.conf.new');
  const discard = () => files.remove(file).then(() => undefined);
  return inTurn([
    () => files.replace(file, text).then(() => discard),
    async () => {
      await phpFpm.check({ version, file, account: await accountOf(story) });
      return nothing;
    },
    () => discard().then(() => nothing),
  ]);
}

async function startedFrom(story: Configured, php: string | null): Promise<Undo> {
  return story.system.registry.write({ ...(await entryOf(story)), php });
}

const nothing: Undo = () => Promise.resolve();
