import { readdirSync, readFileSync } from 'node:fs';
import { PartEntry } from '../system/part-register.ts';
import { paths } from '../system/paths.ts';
import { wrong, type Check, type Found } from './finding.ts';
import { linesOf } from './server.ts';

/** What of programs is on the server, by the names that it has there. */
export type Programs = {
  /** Of those that are registered and not removed. */
  readonly registered: ReadonlySet<string>;
  readonly queues: ReadonlySet<string>;
  readonly words: readonly string[];
  readonly supervised: readonly string[];
  readonly scopes: readonly string[];
};

/** What runs as a site is registered, so nothing is started for a site that nobody asked for here. */
export const programs: Check = async (server) => {
  const bySystemd = (await server.config()).mode === 'systemd';
  const entries = registered();
  const conf = bySystemd ? '/etc/sculptor/supervised' : paths.supervisorPrograms;
  const scopes = bySystemd
    ? await server.run('/usr/bin/systemctl', [
        ...['list-units', '--plain', '--no-legend', '--no-pager', '--state=running', 'sculptor-part-*'],
      ])
    : '';
  return unregistered({
    registered: new Set(entries.map(({ id }) => id)),
    queues: new Set(entries.flatMap(({ id, type }) => (type === 'queue' ? [id] : []))),
    words: readdirSync(paths.programs),
    // Where Supervisor is the server's own, the other files there are somebody else's.
    supervised: readdirSync(conf).filter((name) => bySystemd || name.startsWith('sculptor-part-')),
    scopes: linesOf(scopes).map((line) => line.split(/\s+/)[0] ?? ''),
  });
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
    ...there.scopes
      .filter((name) => !all.has(partOf(name) ?? ''))
      .map((name) => wrong(`${name} runs a program that nobody registered.`, `Run systemctl stop ${name}.`)),
  ];
}

function remove(name: string): string {
  return `Look what it is: tr '\\0' '\\n' < ${paths.programs}/${name}; then remove it.`;
}

/** One that cannot be understood is told of elsewhere, and counts for nothing here. */
function registered(): readonly PartEntry[] {
  return readdirSync(paths.parts).flatMap((site) =>
    readdirSync(`${paths.parts}/${site}`).flatMap((file) => {
      const entry = entryIn(`${paths.parts}/${site}/${file}`);
      return entry === null || entry.removed ? [] : [entry];
    }),
  );
}

function entryIn(path: string): PartEntry | null {
  try {
    return PartEntry.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}
