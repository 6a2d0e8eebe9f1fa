import { open, readFile, rm, stat, appendFile, writeFile } from 'node:fs/promises';
import type { ReplacedPackage, UpdateReport } from '../../../contract/updates.ts';
import { paths } from './paths.ts';

/** What dpkg has written down of the packages that it replaced. The hook notes where it begins. */
export type UpdateLog = {
  /** Null where nothing was replaced since it was told. */
  readonly report: () => Promise<UpdateReport | null>;
  /** Up to there it was told. */
  readonly told: (upTo: number) => Promise<void>;
  /** Something was started anew for it: services by name, or a site's PHP by its id. */
  readonly noteRenewed: (names: readonly string[]) => Promise<void>;
};

/** A distribution's upgrade writes less; of more the newest is told. */
const MOST_BYTES = 8 * 1024 * 1024;
export const MOST_PACKAGES = 200;

type Parts = {
  readonly log: string;
  readonly from: string;
  readonly renewed: string;
  readonly reboot: string;
};

const HERE: Parts = {
  log: '/var/log/dpkg.log',
  from: `${paths.updates}/from`,
  renewed: paths.renewed,
  reboot: '/run/reboot-required',
};

export function createUpdateLog({ log, from, renewed, reboot }: Parts = HERE): UpdateLog {
  const beginning = async () => {
    const text = await readFile(from, 'utf8').catch(() => null);
    return text === null ? null : Number(/^\d{1,15}$/m.exec(text)?.[0] ?? 0);
  };
  const size = async () => (await stat(log).catch(() => null))?.size ?? 0;

  return {
    report: async () => {
      const noted = await beginning();
      if (noted === null) return null;
      const upTo = await size();
      const all = packagesIn(await readPart(log, noted > upTo ? 0 : noted, upTo));
      const names = (await linesOf(renewed)) ?? [];
      return {
        upTo,
        packages: all.slice(0, MOST_PACKAGES),
        more: Math.max(0, all.length - MOST_PACKAGES),
        services: names.filter((name) => name.endsWith('.service')).slice(0, 20),
        sites: names.filter((name) => !name.endsWith('.service')).length,
        reboot: await rebootFor(reboot),
      };
    },
    told: async (upTo) => {
      // Another update may have begun since.
      if ((await size()) > upTo) await writeFile(from, `${upTo}\n`);
      else await rm(from, { force: true });
      await rm(renewed, { force: true });
    },
    noteRenewed: async (names) => {
      // Once each: whoever asks for the same again and again writes nothing more.
      const noted = (await linesOf(renewed)) ?? [];
      const fresh = names.filter((name) => !noted.includes(name));
      if (fresh.length > 0) await appendFile(renewed, `${fresh.join('\n')}\n`);
    },
  };
}

async function readPart(file: string, from: number, to: number): Promise<string> {
  const start = Math.max(from, to - MOST_BYTES);
  if (to <= start) return '';
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(to - start), 0, to - start, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function linesOf(file: string): Promise<readonly string[] | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : [...new Set(text.split('\n').filter((line) => line !== ''))];
}

/** For which packages the server should be started anew; null where it need not be. */
export async function rebootFor(file = '/run/reboot-required'): Promise<string[] | null> {
  if ((await linesOf(file)) === null) return null;
  const names = (await linesOf(`${file}.pkgs`)) ?? [];
  return names.filter((name) => /^[a-z0-9][a-z0-9+.-]{0,119}$/.test(name)).slice(0, 50);
}

const VERSION = String.raw`([A-Za-z0-9.+~:-]{1,120}|<none>)`;
const NAME = String.raw`([a-z0-9][a-z0-9+.-]{0,119})(?::[a-z0-9-]+)?`;
const LINE = new RegExp(
  String.raw`^\S+ \S+ (?:(?:install|upgrade|remove|purge) ${NAME} ${VERSION} ${VERSION}|status (\S+) ${NAME} \S+)$`,
  'gm',
);
const WHOLE: ReadonlySet<string> = new Set(['installed', 'not-installed', 'config-files']);

/** From the first version that was there to the last, of each package. */
export function packagesIn(text: string): ReplacedPackage[] {
  const found = new Map<string, ReplacedPackage>();
  for (const [, name = '', before, after, status = '', of = ''] of text.matchAll(LINE)) {
    const earlier = found.get(name || of);
    if (name !== '') {
      const from = earlier === undefined ? versionIn(before) : earlier.from;
      found.set(name, { name, from, to: versionIn(after), whole: true });
    } else if (earlier !== undefined) found.set(of, { ...earlier, whole: WHOLE.has(status) });
  }
  return [...found.values()].filter(({ from, to, whole }) => from !== to || !whole);
}

function versionIn(text: string | undefined): string | null {
  return text === undefined || text === '<none>' ? null : text;
}
