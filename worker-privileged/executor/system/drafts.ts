import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAlive } from './is-alive.ts';
import { codeOf, draftMakerOf, flush, requireRootsOwn } from './own-path.ts';
import { paths } from './paths.ts';

const FOLDERS = [
  ...[paths.auditLog, paths.quotasWanted, paths.caches, paths.cacheAccounts, paths.agentConfig].map(dirname),
  ...[paths.firewallPorts, paths.firewallPortsRead].map(dirname),
  ...[
    paths.audit,
    paths.registry,
    paths.databases,
    paths.tenants,
    paths.publicPorts,
    paths.sizes,
    paths.dumps,
    paths.stateDumps,
  ],
  // A login that is lent to a program for a dump lies there.
  paths.locks,
  ...[paths.hosts, paths.keys, paths.serverBlocks, paths.snippetCopies, paths.visitors],
  ...[paths.wantedSockets, paths.wantedServices],
  ...[paths.programs, paths.cronTables, paths.supervisorPrograms, paths.supervisedPrograms],
] as const;

/** Those that hold one for each site, part or certificate, and how deep. */
const FOLDERS_OF_FOLDERS = [
  [paths.sites, 1],
  [paths.parts, 1],
  [paths.onces, 1],
  [paths.acmeAllWanted, 1],
  [paths.certificates, 2],
] as const;

/** Every folder that the executor writes files in. */
export async function foldersOfDrafts(): Promise<readonly string[]> {
  const below = await Promise.all(FOLDERS_OF_FOLDERS.map(([folder, levels]) => foldersBelow(folder, levels)));
  const bins = (await namesIn(paths.sites)).map((id) => join(paths.sites, id, 'bin'));
  return [...FOLDERS, ...below.flat(), ...bins];
}

/**
 * Removes what executors left half written that were killed. Nobody reads it, but it would lie there for ever. What
 * another one is writing now stays.
 */
export async function sweepDrafts(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const left = (await namesIn(folder)).filter(isLeft);
    if (left.length === 0) continue;
    await requireRootsOwn(folder);
    // Another one that starts in this moment sweeps too.
    for (const name of left) await rm(join(folder, name), { force: true });
    await flush(folder);
  }
}

/** Without systemd, or without Supervisor, the folder of the one that is not there is not there. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return [];
    throw cause;
  }
}

function isLeft(name: string): boolean {
  const maker = draftMakerOf(name);
  return maker !== null && !isAlive(maker);
}

async function foldersBelow(folder: string, levels: number): Promise<readonly string[]> {
  if (levels === 0) return [folder];
  const names = (await namesIn(folder)).filter((name) => !name.includes('.'));
  return [
    folder,
    ...(await Promise.all(names.map((name) => foldersBelow(join(folder, name), levels - 1)))).flat(),
  ];
}
