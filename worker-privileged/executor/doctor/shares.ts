import { propertiesOf } from '../system/slice-properties.ts';
import { shareOf } from '../verbs/site/share.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { planOf } from './plans.ts';
import { linesOf, type Server } from './server.ts';
import { askAgain, standing, type Standing } from './standing.ts';

type Shared = { readonly site: Standing; readonly wanted: readonly string[] };

/** What each site may take, as systemd has it: its tenant's plan, or what every site may. */
export const shares: Check = async (server) => {
  if ((await server.config()).mode !== 'systemd') return [];
  const [{ entries }, tenants] = [await server.registry(), await server.tenants()];
  const sites = standing(entries).flatMap((site): readonly Shared[] => {
    const plan = planOf(tenants, site);
    return plan === null ? [] : [{ site, wanted: propertiesOf(shareOf(plan)) }];
  });
  return different(sites, await propertiesAsSet(server, sites));
};

export function different(
  sites: readonly Shared[],
  there: ReadonlyMap<string, readonly string[]>,
): readonly Found[] {
  return sites.flatMap(({ site, wanted }) => {
    const has = there.get(sliceOf(site)) ?? [];
    const wrongs = wanted.filter((property) => !has.includes(property));
    const is = (property: string) =>
      has.find((each) => each.startsWith(property.replace(/=.*/, '='))) ?? 'not known';
    return wrongs.map((property) =>
      wrong(
        `${sliceOf(site)} of ${site.name} has ${is(property)} and should have ${property}.`,
        `Run systemctl revert ${sliceOf(site)}. ${askAgain(site)}`,
      ),
    );
  });
}

function sliceOf({ id }: Standing): string {
  return `sculptor-${id}.slice`;
}

/** All in one question; what belongs to one begins with its name. */
async function propertiesAsSet(
  server: Server,
  sites: readonly Shared[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (sites.length === 0) return new Map();
  const said = await server.run('/usr/bin/systemctl', [
    ...['show', '--no-pager', '--property=Id,MemoryMax,MemorySwapMax,TasksMax', '--'],
    ...sites.map(({ site }) => sliceOf(site)),
  ]);
  const units = said.split('\n\n').map((block) => linesOf(block));
  return new Map(
    units.map((lines) => [lines.find((line) => line.startsWith('Id='))?.slice('Id='.length) ?? '', lines]),
  );
}
