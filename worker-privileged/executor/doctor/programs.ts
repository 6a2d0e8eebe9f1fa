import { readdirSync } from 'node:fs';
import type { PartType } from '../../../contract/site-parts.ts';
import { paths } from '../system/paths.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { filesOfPrograms } from './programs-files.ts';
import { linesOf } from './server.ts';

/** What of programs is on the server, by the names that it has there. */
export type Programs = {
  /** Of those that are registered and not removed. */
  readonly registered: ReadonlySet<string>;
  readonly queues: ReadonlySet<string>;
  readonly crons: ReadonlySet<string>;
  readonly words: readonly string[];
  readonly supervised: readonly string[];
  readonly tables: readonly string[];
  readonly scopes: readonly string[];
};

/**
 * What runs as a site is registered, so nothing is started for a site that nobody asked for here; and what is
 * registered is started as it was asked for.
 */
export const programs: Check = async (server) => {
  const bySystemd = (await server.config()).mode === 'systemd';
  const entries = (await server.parts()).entries.filter(({ removed }) => !removed);
  const idsOf = (wanted: PartType) =>
    new Set(entries.flatMap(({ id, type }) => (type === wanted ? [id] : [])));
  const conf = bySystemd ? paths.supervisedPrograms : paths.supervisorPrograms;
  const scopes = bySystemd
    ? await server.run('/usr/bin/systemctl', [
        ...['list-units', '--plain', '--no-legend', '--no-pager', '--state=running', 'sculptor-part-*'],
      ])
    : '';
  const there = {
    registered: new Set(entries.map(({ id }) => id)),
    queues: idsOf('queue'),
    crons: idsOf('cron'),
    words: readdirSync(paths.programs),
    // Where Supervisor is the server's own, the other files there are somebody else's.
    supervised: readdirSync(conf).filter((name) => bySystemd || name.startsWith('sculptor-part-')),
    // The others there are the distribution's, and root's own.
    tables: readdirSync(paths.cronTables).filter((name) => name.startsWith('sculptor-')),
    scopes: linesOf(scopes).map((line) => line.split(/\s+/)[0] ?? ''),
  };
  return [...unregistered(there), ...(await filesOfPrograms(server))];
};

export function unregistered({ registered: all, queues, ...there }: Programs): readonly Found[] {
  const partOf = (name: string) =>
    /^sculptor-part-([a-z][a-z0-9]{11})(?:-[0-9]+\.scope|\.conf)$/.exec(name)?.[1];
  // What is being written at this moment begins with a dot.
  const settled = (name: string) => !name.startsWith('.');
  return [
    ...there.words
      .filter((name) => settled(name) && !all.has(name))
      .map((name) => wrong(`${paths.programs}/${name} is a program that nobody registered.`, remove(name))),
    ...there.supervised
      .filter((name) => settled(name) && !queues.has(partOf(name) ?? ''))
      .map((name) =>
        wrong(
          `Supervisor is told of ${name}, which is no queue that is registered.`,
          'Look what it starts; remove the file, then run supervisorctl update.',
        ),
      ),
    ...there.tables
      .filter((name) => !there.crons.has(name.slice('sculptor-'.length)))
      .map((name) =>
        wrong(
          `${paths.cronTables}/${name} is no cron that is registered.`,
          'Look what it starts, and remove it.',
        ),
      ),
    ...there.scopes
      .filter((name) => !all.has(partOf(name) ?? ''))
      .map((name) => wrong(`${name} runs a program that nobody registered.`, `Run systemctl stop ${name}.`)),
  ];
}

function remove(name: string): string {
  return `Look what it is: tr '\\0' '\\n' < ${paths.programs}/${name}; then remove it.`;
}
