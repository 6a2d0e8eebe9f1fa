import type { ProgramEnvironment, ProgramLimits, ProgramWords } from '../../../../contract/programs.ts';
import type { PartId } from '../../../../contract/ids.ts';
import type { Step } from '../../ensure.ts';
import { lookAtFiles } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import { renderLaunch } from '../../render/launch.ts';
import { renderBounds, type OnceBounds } from '../../system/once.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { shareOf, sitePlanOf, type SitePlan } from '../site/share.ts';

type Program = {
  readonly command: ProgramWords;
  readonly workingDirectory: string;
  readonly environment: ProgramEnvironment;
};
type Of = { readonly site: SiteEntry; readonly part: { readonly id: PartId; readonly spec: Program } };

const NO_LIMITS: ProgramLimits = { memoryMb: null, cpuPercent: null };

/** How programs are started here, and what the plan of their site's tenant lets them take. */
export type How = Pick<System, 'mode'> & { readonly plan: SitePlan };

type Told = Pick<System, 'mode' | 'tenants' | 'serverBytes'>;

export async function howFor(system: Told, { tenant, settings }: SiteEntry): Promise<How> {
  return { mode: system.mode, plan: await sitePlanOf(system, { tenant, phpLimits: settings?.phpLimits }) };
}

/** What `launch` becomes for it. */
export function wordsOf({ mode, plan }: How, { site, part }: Of, limits = NO_LIMITS): string {
  const { command, workingDirectory, environment } = part.spec;
  return renderLaunch(mode, {
    part: part.id,
    site: site.id,
    account: { uid: site.uid, gid: site.gid, user: site.user },
    home: paths.home(site.name),
    workingDirectory,
    words: command,
    environment,
    limits,
    share: shareOf(plan),
  });
}

/** In a file of root's. */
export function programNoted(system: Told & Pick<System, 'files'>, at: Of): Step {
  const { files } = system;
  const path = paths.program(at.part.id);
  const text = async () => wordsOf(await howFor(system, at.site), at);
  const wanted = async () => [secretWords(path, await text())];
  return {
    name: 'note what it starts',
    files: wanted,
    look: async () => lookAtFiles(files, await wanted(), 'it is noted otherwise'),
    change: async () => files.replace(path, await text(), 0o600),
  };
}

/** What is in its environment may be a password. */
export function secretWords(path: string, text: string): WantedFile {
  return { path, text, mode: 0o600, secret: true };
}

/** Without it nothing of it can be started. */
export function programGone({ files }: Pick<System, 'files'>, id: PartId): Step {
  const path = paths.program(id);
  return {
    name: 'forget what it starts',
    files: () => Promise.resolve([{ path, gone: true, secret: true }]),
    look: async () => ((await files.read(path)) === null ? null : 'it is noted'),
    change: () => files.remove(path),
  };
}

export function bounded({ once }: Pick<System, 'once'>, id: PartId, bounds: OnceBounds): Step {
  return {
    name: 'set its bounds',
    look: async () => ((await once.readBounds(id)) === renderBounds(bounds) ? null : 'its bounds are others'),
    change: () => once.writeBounds(id, bounds),
  };
}

export function stopped({ once }: Pick<System, 'once'>, id: PartId): Step {
  return {
    name: 'end what runs of it',
    look: async () => ((await once.isLeft(id)) ? 'it runs' : null),
    change: async () => {
      await once.stop(id);
      return null;
    },
  };
}

export function forgotten({ once }: Pick<System, 'once'>, id: PartId): Step {
  return {
    name: 'forget what it said',
    look: async () => ((await once.isKnown(id)) ? 'what it said is kept' : null),
    change: async () => {
      await once.forget(id);
      return null;
    },
  };
}

type What = {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
};

/** Whether it is another program that runs, or runs otherwise; when, and how many, is no matter. */
export function runsAnother(before: What, after: What): boolean {
  return whatRuns(before) !== whatRuns(after);
}

function whatRuns({ command, environment, workingDirectory }: What): string {
  return JSON.stringify([command, Object.entries(environment).sort(), workingDirectory]);
}
