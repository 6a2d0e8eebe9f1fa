import type { DomainId } from '../../../../contract/ids.ts';
import type { DomainName } from '../../../../contract/names.ts';
import type { PartType } from '../../../../contract/site-parts.ts';
import type { Step } from '../../ensure.ts';
import type { PartEntry } from '../../system/part-register.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { inTurn } from '../../in-turn.ts';
import type { PartKind } from './kind.ts';
import { PART_KINDS } from './kinds.ts';

/** How a site stands, as far as what belongs to it goes by that. */
export type Standing = {
  readonly removed: boolean;
  readonly enabled: boolean;
  /** Its tenant is: nothing of it works, and all of it stays as it was asked for. */
  readonly suspended: boolean;
  /** Those that it has from now on, where the registry knows more. */
  readonly names?: readonly DomainName[];
};

export function standingOf({ removedAt, settings, suspended }: SiteEntry): Standing {
  const removed = removedAt !== null || settings === null;
  return { removed, enabled: settings?.enabled === true, suspended };
}

/** Whether a part of that type works while its site stands so. */
export function worksWhile(type: PartType, { removed, enabled, suspended }: Standing): boolean {
  const { whileDisabled, whileSuspended = false } = PART_KINDS[type];
  return !removed && (!suspended || whileSuspended) && (enabled || whileDisabled);
}

/** The steps that make one part as it shall be. */
export function partSteps(
  system: System,
  { site, part }: { readonly site: SiteEntry; readonly part: PartEntry },
  works: boolean,
): readonly Step[] {
  // The kind is that of the part's type; the compiler cannot tie the two together.
  const kind = PART_KINDS[part.type] as unknown as PartKind<PartType>;
  return works ? kind.on(system, { site, part }) : kind.off(system, { site, part });
}

/** Throws where it cannot have what it needs of what only one can have. */
export async function requireToHold(
  system: System,
  { site, part }: { readonly site: SiteEntry; readonly part: PartEntry },
): Promise<void> {
  const kind = PART_KINDS[part.type] as unknown as PartKind<PartType>;
  await kind.admit?.(system, { site, part });
}

/** The steps after which it has what it needs of what only one can have. */
export function stepsToHold(
  system: System,
  { site, part }: { readonly site: SiteEntry; readonly part: PartEntry },
): readonly Step[] {
  const kind = PART_KINDS[part.type] as unknown as PartKind<PartType>;
  return kind.hold?.(system, { site, part }) ?? [];
}

/** Whether somebody comes in with it, or something runs, that could not before. */
export function letsIn(before: PartEntry | null, after: PartEntry): boolean {
  const kind = PART_KINDS[after.type] as unknown as PartKind<PartType>;
  return kind.letsIn(before, after);
}

/** The steps after which nothing is left of one part. */
export function stepsToGo(
  system: System,
  { site, part }: { readonly site: SiteEntry; readonly part: PartEntry },
): readonly Step[] {
  const kind = PART_KINDS[part.type] as unknown as PartKind<PartType>;
  return (kind.gone ?? kind.off)(system, { site, part });
}

/** All that belongs to a site, on or off as the site stands: one step, for they come and go with it. */
export function partsFollow(system: System, id: DomainId, standing: Standing): Step {
  const steps = async () => {
    const entry = await system.registry.read(id);
    if (entry === null) return [];
    const site = { ...entry, names: [...(standing.names ?? entry.names)] };
    const parts = await system.parts.list(id);
    return parts.flatMap((part) => partSteps(system, { site, part }, worksWhile(part.type, standing)));
  };
  return {
    name:
      standing.removed || standing.suspended ? 'turn off what belongs to it' : 'turn on what belongs to it',
    within: steps,
    look: async () => {
      for (const step of await steps()) {
        const difference = await step.look();
        if (difference !== null) return difference;
      }
      return null;
    },
    change: async () => {
      const undo = await inTurn(
        (await steps()).map((step) => async () => {
          if ((await step.look()) === null) return () => Promise.resolve();
          return (await step.change()) ?? (() => Promise.resolve());
        }),
      );
      // What was asked away stays away.
      return standing.removed || standing.suspended ? null : undo;
    },
  };
}

/** Nothing is left of them, and nothing is known of them any more; they were turned off before. */
export function partsForgotten(system: System, site: SiteEntry): Step {
  const { parts } = system;
  const { id } = site;
  return {
    name: 'forget what belonged to it',
    look: async () => ((await parts.isEmpty(id)) ? null : 'parts of the site are registered'),
    change: async () => {
      for (const part of await parts.list(id))
        for (const step of stepsToGo(system, { site, part }))
          if ((await step.look()) !== null) await step.change();
      await parts.forget(id);
      return null;
    },
  };
}
