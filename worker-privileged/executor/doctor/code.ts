import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { wrong, type Check, type Found } from './finding.ts';
import type { Installed } from './installed.ts';
import { findLoose, findLooseAbove, walk } from './loose.ts';

const HOME = '/usr/lib/sculptor';
const APP = `${HOME}/app`;
const COMMAND = '/usr/local/bin/sculptorctl';

/** All that runs with the agent's rights, and the way to it: root's alone, and as it was installed. */
export const code: Check = async (server) => {
  const people = await server.people();
  // The distribution's own, where that is new enough.
  const node = realpathSync(`${HOME}/node/bin/node`);
  const places = node.startsWith(`${HOME}/`) ? [HOME, COMMAND] : [HOME, COMMAND, node];
  return [
    ...new Map(
      [
        ...places.flatMap((path) => findLooseAbove(people, path)),
        ...places.flatMap((path) => findLoose(people, path)),
      ].map((found) => [found.sentence, found]),
    ).values(),
    ...linksOut(node),
    ...changed(await server.installed()),
  ];
};

function linksOut(node: string): readonly Found[] {
  return walk(HOME).flatMap(([path, stats]) => {
    if (!stats.isSymbolicLink()) return [];
    const target = realpath(path);
    if (target === node || target?.startsWith(`${HOME}/`) === true) return [];
    return [wrong(`${path} is a link to ${target ?? 'nothing'}, out of the agent's own folder.`)];
  });
}

function realpath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function changed(installed: readonly Installed[]): readonly Found[] {
  const known = new Map(
    installed.flatMap(({ kind, path, sha256 }) =>
      kind === 'code' || (kind === 'content' && isCode(path)) ? [[path, sha256] as const] : [],
    ),
  );
  const more = walk(APP).filter(([path, stats]) => !stats.isDirectory() && !known.has(path));
  return [
    ...[...known].flatMap(([path, sha256]) => {
      const now = digestOf(path);
      if (now === sha256) return [];
      return [wrong(`${path} is ${now === null ? 'not there' : 'not what was installed'}.`, mend(path))];
    }),
    ...more.map(([path]) => wrong(`${path} was not installed.`, mend(path))),
  ];
}

function isCode(path: string): boolean {
  return path === COMMAND || path.startsWith(`${HOME}/`);
}

/** The code is put in place as a whole, where it is another than the last one. */
function mend(path: string): string {
  const again = 'Run scripts/install.sh --yes.';
  if (path.startsWith(`${APP}/`)) return `Run rm ${APP}/.digest, then scripts/install.sh --yes.`;
  return path.startsWith(`${HOME}/node/`) ? `Run rm -r ${HOME}/node, then scripts/install.sh --yes.` : again;
}

function digestOf(path: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return null;
  }
}
