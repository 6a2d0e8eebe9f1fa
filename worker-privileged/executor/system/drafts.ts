import { readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, draftMakerOf, flush, requireRootsOwn } from './own-path.ts';
import { paths } from './paths.ts';

const FOLDERS = [
  dirname(paths.auditLog),
  paths.registry,
  paths.databases,
  paths.tenants,
  paths.dumps,
  dirname(paths.agentConfig),
  paths.hosts,
  paths.sites,
  paths.serverBlocks,
  paths.snippetCopies,
  paths.visitors,
  paths.wantedSockets,
  paths.supervisorPrograms,
] as const;

/** Every folder that the executor writes files in. */
export async function foldersOfDrafts(): Promise<readonly string[]> {
  const sites = await readdir(paths.sites);
  const certificates = await foldersBelow(paths.certificates, 2);
  return [...FOLDERS, ...sites.map((id) => join(paths.sites, id)), ...certificates];
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
    for (const name of left) await unlink(join(folder, name));
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) !== 'ESRCH';
  }
}

async function foldersBelow(folder: string, levels: number): Promise<readonly string[]> {
  if (levels === 0) return [folder];
  const names = (await namesIn(folder)).filter((name) => !name.includes('.'));
  return [
    folder,
    ...(await Promise.all(names.map((name) => foldersBelow(join(folder, name), levels - 1)))).flat(),
  ];
}
