import type { Files } from '../system/files.ts';
import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';

/** What the agent may offer on this server, and by which clock cron goes. */
export function serverFacts({
  phpFpm,
  hostname,
  files,
}: Pick<System, 'phpFpm' | 'hostname' | 'files'>): VerbHandler<'server.facts'> {
  return async () => ({
    phpVersions: [...(await phpFpm.versions())],
    hostname: hostname(),
    timeZone: await timeZone(files),
  });
}

/** How the server fares: of what the agent can be told to do, nothing is looked at here. */
export function lookAtServer({
  vitalSigns,
  services,
}: Pick<System, 'vitalSigns' | 'services'>): VerbHandler<'server.look'> {
  return async () => ({
    ...(await vitalSigns.look()),
    ...(await services.look()),
    certificateEnds: await vitalSigns.certificateEnds(),
  });
}

/** The C library goes by the first; the second is what Debian writes beside it. */
async function timeZone(files: Pick<Files, 'read' | 'readLink'>): Promise<string> {
  const link = await files.readLink('/etc/localtime').catch(() => null);
  const named = /\/zoneinfo\/(?:posix\/)?([A-Za-z0-9_+/-]{1,64})$/.exec(link ?? '')?.[1];
  if (named !== undefined) return named;
  const noted = (await files.read('/etc/timezone').catch(() => null))?.trim() ?? '';
  return /^[A-Za-z0-9_+/-]{1,64}$/.test(noted) ? noted : 'UTC';
}
