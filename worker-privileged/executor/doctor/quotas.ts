import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { paths } from '../system/paths.ts';
import { countsFor, holdsProjects } from '../system/quotas.ts';
import type { SiteEntry } from '../system/registry.ts';
import { Size } from '../system/sizes.ts';
import { TenantEntry } from '../system/tenants.ts';
import { folderOf } from '../verbs/tenant/disk.ts';
import { note, warning, wrong, type Check, type Found } from './finding.ts';
import { namesIn, type Server } from './server.ts';

const SETQUOTA = '/usr/sbin/setquota';

/** Where the file system counts projects, the kernel holds the limit of the disk of every tenant that has one. */
export const quotas: Check = async (server) => {
  const limited = (await tenants()).filter(
    ({ plan, removedAt }) => plan.diskBytes !== null && removedAt === null,
  );
  if (limited.length === 0) return [];
  if (!holdsProjects(await readFile('/proc/self/mountinfo', 'utf8')))
    return [
      note('What tenants take of the disk is measured: the file system of /home/www has no project quotas.'),
    ];
  if (!existsSync(SETQUOTA))
    return [
      wrong(
        `The file system of /home/www has project quotas, and there is no ${SETQUOTA}: the kernel is told of no limit.`,
        'Run apt-get install quota, then sculptorctl tenant update for each tenant with a limit.',
      ),
    ];
  const held = heldIn(await report(server));
  const { entries } = await server.registry();
  const found: Found[] = [];
  for (const tenant of limited) {
    const kept = entries.filter((site) => site.tenant === tenant.id && site.purgedAt === null);
    found.push(...holds(tenant, held), ...(await counted(server, tenant, kept)));
    found.push(...left(tenant, held, await measured(kept)));
  }
  return found;
};

async function tenants(): Promise<readonly TenantEntry[]> {
  const names = namesIn(paths.tenants).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  const texts = await Promise.all(names.map((name) => readFile(`${paths.tenants}/${name}`, 'utf8')));
  return texts.map((text) => TenantEntry.parse(JSON.parse(text)));
}

async function report({ run }: Server): Promise<string> {
  const words = ['--noheadings', '--first-only', '--nofsroot', '--output', 'SOURCE', '--target', paths.homes];
  const device = (await run('/usr/bin/findmnt', words)).trim();
  return run('/usr/sbin/repquota', ['-P', '-n', '-v', '-O', 'csv', device]);
}

export type Counted = { readonly used: number; readonly limit: number };

/** By project, in octets; the report is in KiB. */
export function heldIn(report: string): ReadonlyMap<number, Counted> {
  const lines = report.matchAll(/^#([0-9]+),[^,]*,[^,]*,([0-9]+),[0-9]+,([0-9]+),/gm);
  return new Map(
    [...lines].map(([, project, used, limit]) => [
      Number(project),
      { used: Number(used) * 1024, limit: Number(limit) * 1024 },
    ]),
  );
}

type Limited = Pick<TenantEntry, 'id' | 'project' | 'plan'>;

const again = ({ id, plan }: Limited) =>
  `Run sculptorctl tenant update ${id} --limit diskBytes=${plan.diskBytes ?? 'none'}.`;

export function holds(tenant: Limited, held: ReadonlyMap<number, Counted>): readonly Found[] {
  const most = tenant.plan.diskBytes ?? 0;
  const limit = tenant.project === null ? 0 : (held.get(tenant.project)?.limit ?? 0);
  if (limit === most - (most % 1024)) return [];
  const is = limit === 0 ? 'no limit' : `a limit of ${limit} bytes`;
  return [
    wrong(`For the disk of tenant ${tenant.id} the kernel has ${is}, and its plan ${most}.`, again(tenant)),
  ];
}

async function counted(
  { run }: Server,
  tenant: Limited,
  kept: readonly SiteEntry[],
): Promise<readonly Found[]> {
  if (tenant.project === null) return [];
  const commands = {
    run: ({ file, args }: { file: `/${string}`; args: readonly string[] }) => run(file, args),
  };
  const found: Found[] = [];
  for (const site of kept) {
    const home = folderOf(site);
    if (home === null || !existsSync(home)) continue;
    const why = await countsFor(commands, tenant.project, home);
    if (why !== null)
      found.push(wrong(`${why}, ${tenant.id}, so it fills the disk without a limit.`, again(tenant)));
  }
  return found;
}

async function measured(kept: readonly SiteEntry[]): Promise<number> {
  const texts = await Promise.all(kept.map(({ id }) => readFile(paths.size(id), 'utf8').catch(() => null)));
  const sizes = texts.filter((text) => text !== null).map((text) => Size.parse(JSON.parse(text)).octets);
  return sizes.reduce((sum, octets) => sum + octets, 0);
}

const SLACK = 64 * 1024 ** 2;

/** A site can give files of its own another project. What came or went since it was measured is no more, mostly. */
export function left(tenant: Limited, held: ReadonlyMap<number, Counted>, octets: number): readonly Found[] {
  const used = tenant.project === null ? undefined : held.get(tenant.project)?.used;
  if (used === undefined) return [];
  const [less, more] = [Math.min(octets, used), Math.max(octets, used)];
  if (more <= less * 1.1 + SLACK) return [];
  const why =
    octets > used
      ? 'files may have been taken out of its project'
      : 'files of another may have been put into its project';
  return [
    warning(
      `The sites of tenant ${tenant.id} took ${octets} bytes when they were measured, and the kernel counts ${used}: ${why}.`,
      'Look with lsattr -pR in the sites for files of a project that is not theirs; suspend the tenant if it goes on.',
    ),
  ];
}
