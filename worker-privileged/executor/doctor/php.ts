import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { PhpVersion } from '../../../contract/names.ts';
import { renderFpm } from '../render/fpm.ts';
import { renderSupervisedPool } from '../render/supervisor.ts';
import { paths } from '../system/paths.ts';
import { shareOf, type SitePlan } from '../verbs/site/share.ts';
import type { SiteEntry } from '../system/registry.ts';
import { wrong, type Check, type Found } from './finding.ts';
import type { Process } from './process-list.ts';
import { planOf } from './plans.ts';
import { namesIn } from './server.ts';
import { askAgain, withPhp, type Standing } from './standing.ts';

const UNITS = '/etc/systemd/system';

/** Each site's PHP is its own, configured as the agent wrote it; the distribution's pool is off. */
export const php: Check = async (server) => {
  const bySystemd = (await server.config()).mode === 'systemd';
  const [{ entries }, tenants] = [await server.registry(), await server.tenants()];
  const { users } = await server.people();
  const nameOf = (uid: number) => users.find((user) => user.uid === uid)?.name ?? String(uid);
  return [
    ...withPhp(entries).flatMap((site) => {
      const plan = planOf(tenants, site);
      if (plan === null) return [];
      const socket = (bySystemd ? paths.unitSocket : paths.supervisedSocket)(site.id);
      return [...configured({ site, plan }, socket), ...(bySystemd ? [] : supervised(site, plan))];
    }),
    ...pools(await server.processes(), { entries, nameOf }),
    ...(bySystemd ? distributions() : []),
  ];
};

type Planned = { readonly site: Standing; readonly plan: SitePlan };

function configured({ site, plan }: Planned, socket: string): readonly Found[] {
  const { id, name } = site;
  const conf = paths.siteFile(id, 'fpm.conf');
  const link = readLink(paths.siteFile(id, 'php-fpm'));
  const version = PhpVersion.safeParse(link?.replace(/^\/usr\/sbin\/php-fpm/, '')).data;
  if (version === undefined || link !== paths.phpMaster(version))
    return [
      wrong(
        `${paths.siteFile(id, 'php-fpm')} leads to ${link ?? 'nothing'} and not to a php-fpm.`,
        askAgain(site),
      ),
    ];
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined)
    return [
      wrong(
        `${name} runs on PHP ${version}, which is not installed.`,
        `Install php${version}-fpm, or choose another version.`,
      ),
    ];
  const { text, ping } = renderFpm({ id, name, version, socket, home: paths.home(name), plan });
  const found: Found[] = [];
  if (textOf(conf) !== text) found.push(wrong(`${conf} is not what the agent wrote.`, askAgain(site)));
  if (site.php !== ping)
    found.push(wrong(`PHP of ${name} was not started from ${conf} as it is now.`, askAgain(site)));
  return found;
}

function supervised(site: Standing, plan: SitePlan): readonly Found[] {
  const { id, user } = site;
  const path = `/etc/supervisor/conf.d/sculptor-php-${id}.conf`;
  const share = shareOf(plan);
  const text = renderSupervisedPool({ id, user, socket: paths.supervisedSocket(id), share });
  return textOf(path) === text ? [] : [wrong(`${path} is not what the agent wrote.`, askAgain(site))];
}

type Sites = { readonly entries: readonly SiteEntry[]; readonly nameOf: (uid: number) => string };

/** By what the kernel says that it runs as: what a process calls itself is its own affair. */
export function pools(processes: readonly Process[], { entries, nameOf }: Sites): readonly Found[] {
  const masters = processes.filter(({ program }) =>
    /^\/usr\/sbin\/php-fpm[0-9.]*(?: \(deleted\))?$/.test(program),
  );
  return masters.flatMap(({ pid, uids, unit, command }) => {
    const users = uids.map(nameOf).join(', ');
    const what = `Process ${pid} (${command})`;
    const mend = unit === '' ? `Run kill ${pid}.` : `Run systemctl disable --now ${unit}.`;
    if (uids.some((uid) => entries.every((entry) => entry.uid !== uid)))
      return [wrong(`${what} is a php-fpm that runs as ${users}, who is no site.`, mend)];
    const id = /^sculptor-php(?:-pool)?@([a-z0-9]+)\.service$/.exec(unit)?.[1];
    const entry = entries.find((each) => each.id === id);
    return entry === undefined || uids.every((uid) => uid === entry.uid)
      ? []
      : [wrong(`${what} runs as ${users} and should as ${entry.user}.`, mend)];
  });
}

/** It would run as www-data, which is the API's identity. */
function distributions(): readonly Found[] {
  const units = ['/usr/lib/systemd/system', '/lib/systemd/system'].flatMap((folder) =>
    namesIn(folder).filter((name) => /^php[0-9.]*-fpm\.service$/.test(name)),
  );
  return [...new Set(units)]
    .filter((unit) => readLink(`${UNITS}/${unit}`) !== '/dev/null')
    .map((unit) =>
      wrong(
        `The distribution's ${unit} is not masked: its pool runs as www-data.`,
        `Run systemctl mask --now ${unit}.`,
      ),
    );
}

function readLink(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : null;
}

function textOf(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, 'utf8') : null;
}
