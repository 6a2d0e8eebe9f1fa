import { lstatSync, readFileSync } from 'node:fs';
import { renderCronTable } from '../render/cron-table.ts';
import type { ExecutorConfig } from '../system/config.ts';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import { confFileOf } from '../system/programs.ts';
import type { PartEntryOf } from '../system/part-register.ts';
import { standingOf, worksWhile } from '../verbs/site-parts/follow.ts';
import { wordsOf } from '../verbs/site-parts/program.ts';
import { programOf } from '../verbs/site-parts/queue.ts';
import { wrong, type Found } from './finding.ts';
import type { Server } from './server.ts';

type Mode = ExecutorConfig['mode'];
type Kept = PartEntryOf<'cron'> | PartEntryOf<'queue'>;
type File = readonly [path: string, text: string];

/** Each cron's and queue's files, as the agent writes them; none where its site does not run. */
export async function filesOfPrograms(server: Server): Promise<readonly Found[]> {
  const { mode } = await server.config();
  const sites = new Map((await server.registry()).entries.map((site) => [site.id, site]));
  const { entries } = await server.parts();
  return entries.flatMap((part) => {
    const site = sites.get(part.site);
    const ours = !part.removed && (part.type === 'cron' || part.type === 'queue');
    return ours && site !== undefined ? asAsked(mode, site, part) : [];
  });
}

function asAsked(mode: Mode, site: SiteEntry, part: Kept): readonly Found[] {
  const works = worksWhile(part.type, standingOf(site));
  return filesOf(mode, site, part).flatMap(([path, text]) => {
    const there = textOf(path);
    if (there === (works ? text : null)) return [];
    if (!works) return [wrong(`${path} is there, and ${site.name} does not run.`, `Run rm ${path}.`)];
    const is = there === null ? 'not there' : 'not as the agent wrote it';
    const what = `the ${part.type} ${part.name} of ${site.name}`;
    return [wrong(`${path} of ${what} is ${is}.`, `Run sculptorctl domain update ${site.name} --enable.`)];
  });
}

function filesOf(mode: Mode, site: SiteEntry, part: Kept): readonly File[] {
  if (part.type === 'queue') {
    const program = programOf({ mode }, { site, part });
    return [[paths.program(part.id), program.words], confFileOf(mode, program)];
  }
  const { schedule } = part.spec;
  return [
    [paths.cronTable(part.id), renderCronTable({ id: part.id, schedule })],
    [paths.program(part.id), wordsOf({ mode }, { site, part })],
  ];
}

function textOf(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path, 'utf8') : null;
}
