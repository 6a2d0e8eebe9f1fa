import { X509Certificate } from 'node:crypto';
import { readFile, stat, statfs } from 'node:fs/promises';
import type { PlaceUse, ServerLook } from '../../../contract/health.ts';

/** What the kernel and the disk say of the server. Nothing here is of a tenant's choosing. */
export type VitalSigns = {
  readonly look: () => Promise<Pick<ServerLook, 'cpus' | 'ticks' | 'memory' | 'load' | 'places'>>;
  /** Null where the server's own certificate cannot be read. */
  readonly certificateEnds: () => Promise<string | null>;
};

/** What is on one file system counts once, by the first of these. A place of the network's could let everybody wait. */
const PLACES = ['/', '/home', '/var', '/var/lib/mysql', '/var/log', '/srv', '/boot', '/tmp', '/run'];
const CERTIFICATE = '/etc/sculptor/tls/server.crt';

export function createVitalSigns(places: readonly string[] = PLACES): VitalSigns {
  return {
    look: async () => ({
      ...processorsIn(await readFile('/proc/stat', 'utf8')),
      memory: memoryIn(await readFile('/proc/meminfo', 'utf8')),
      load: loadIn(await readFile('/proc/loadavg', 'utf8')),
      places: await usesOf(places),
    }),
    certificateEnds: async () => {
      try {
        return new Date(new X509Certificate(await readFile(CERTIFICATE)).validTo).toISOString();
      } catch {
        return null;
      }
    },
  };
}

/** Who waits for the disk leaves the processor to others. */
export function processorsIn(text: string): Pick<ServerLook, 'cpus' | 'ticks'> {
  const line = /^cpu +([0-9 ]+)$/m.exec(text)?.[1] ?? '';
  // What runs for guests is in the first two already.
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, ...others] = line
    .split(' ')
    .slice(0, 8)
    .map(Number);
  const busy = [user, nice, system, ...others].reduce((sum, ticks) => sum + ticks, 0);
  const cpus = Array.from(text.matchAll(/^cpu[0-9]+ /gm)).length;
  return { cpus: Math.max(1, cpus), ticks: { busy, total: busy + idle + wait } };
}

export function memoryIn(text: string): ServerLook['memory'] {
  const of = (name: string) => 1024 * Number(new RegExp(`^${name}: +([0-9]+) kB$`, 'm').exec(text)?.[1] ?? 0);
  return { bytes: of('MemTotal'), available: of('MemAvailable') };
}

export function loadIn(text: string): ServerLook['load'] {
  const [one = 0, five = 0, fifteen = 0] = text.split(' ').slice(0, 3).map(Number);
  return [one, five, fifteen];
}

async function usesOf(places: readonly string[]): Promise<PlaceUse[]> {
  const uses = new Map<number, PlaceUse>();
  for (const place of places) {
    const device = (await stat(place).catch(() => null))?.dev;
    if (device === undefined || uses.has(device)) continue;
    const use = useOf(place, await statfs(place));
    if (use !== null) uses.set(device, use);
  }
  return [...uses.values()];
}

type Counts = {
  readonly bsize: number;
  readonly blocks: number;
  readonly bfree: number;
  readonly bavail: number;
  readonly files: number;
  readonly ffree: number;
};

/** As df has it: what is kept for root is neither used nor free. */
export function useOf(
  place: string,
  { bsize, blocks, bfree, bavail, files, ffree }: Counts,
): PlaceUse | null {
  if (blocks === 0) return null;
  const used = blocks - bfree;
  return {
    place,
    bytes: blocks * bsize,
    percent: hundredths(used, used + bavail),
    inodesPercent: files === 0 ? null : hundredths(files - ffree, files),
  };
}

function hundredths(part: number, whole: number): number {
  return whole <= 0 ? 100 : Math.min(100, Math.max(0, Math.round((1000 * part) / whole) / 10));
}
