import { lstatSync, readFileSync } from 'node:fs';
import { renderCronTable } from '../render/cron-table.ts';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import { confFileOf } from '../system/programs.ts';
import type { PartEntryOf } from '../system/part-register.ts';
import { standingOf, worksWhile } from '../verbs/site-parts/follow.ts';
import { wordsOf, type How } from '../verbs/site-parts/program.ts';
import { programOf } from '../verbs/site-parts/queue.ts';
import { wrong, type Found } from './finding.ts';
import { planOf } from './plans.ts';
import type { Server } from './server.ts';

type Kept = PartEntryOf<'cron'> | PartEntryOf<'queue'>;
type File = readonly [path: string, text: string];

/** Each cron's and queue's files, as the agent writes them; none where its site does not run. */
export async function filesOfPrograms(server: Server): Promise<readonly Found[]> {
  const { mode } = await server.config();
  const sites = new Map((await server.registry()).entries.map((site) => [site.id, site]));
  const [{ entries }, tenants] = [await server.parts(), await server.tenants()];
  return entries.flatMap((part) => {
    const site = sites.get(part.site);
    const ours = !part.removed && (part.type === 'cron' || part.type === 'queue');
    if (!ours || site === undefined) return [];
    const plan = planOf(tenants, site);
    return plan === null ? [] : asAsked({ mode, plan }, site, part);
  });
}

function asAsked(how: How, site: SiteEntry, part: Kept): readonly Found[] {
  const works = worksWhile(part.type, standingOf(site));
  return filesOf(how, site, part).flatMap(([path, text]) => {
    const there = textOf(path);
    if (there === (works ? text : null)) return [];
    if (!works) return [wrong(`${path} is there, and ${site.name} does not run.`, `Run rm ${path}.`)];
    const is = there === null ? 'not there' : 'not as the agent wrote it';
    const what = `the ${part.type} ${part.name} of ${site.name}`;
    return [wrong(`${path} of ${what} is ${is}.`, `Run sculptorctl domain update ${site.name} --enable.`)];
  });
}

function filesOf(how: How, site: SiteEntry, part: Kept): readonly File[] {
  if (part.type === 'queue') {
    const program = programOf(how, { site, part });
    return [[paths.program(part.id), program.words], confFileOf(how.mode, program)];
  }
  const { schedule } = part.spec;
  return [
    [paths.cronTable(part.id), renderCronTable({ id: part.id, schedule })],
    [paths.program(part.id), wordsOf(how, { site, part })],
  ];
}

function textOf(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, 'utf8') : null;
}
