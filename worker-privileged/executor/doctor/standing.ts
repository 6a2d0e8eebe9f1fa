import { runsPhp } from '../../../contract/domains.ts';
import type { SiteEntry } from '../system/registry.ts';
import { relays } from '../verbs/site/relay.ts';

export type Standing = SiteEntry & { readonly settings: NonNullable<SiteEntry['settings']> };

/** Sites that were brought about whole and are not in the trash. */
export function standing(entries: readonly SiteEntry[]): readonly Standing[] {
  return entries.filter(
    (entry): entry is Standing =>
      entry.settings !== null && entry.removedAt === null && entry.purgingAt === null,
  );
}

/** Those whose PHP runs, or starts when it is asked. */
export function withPhp(entries: readonly SiteEntry[]): readonly Standing[] {
  return standing(entries).filter(
    ({ settings, suspended }) => runsPhp(settings.type) && settings.enabled && !suspended,
  );
}

/** Those whose visitors are handed to a program of their own. */
export function withRelay(entries: readonly SiteEntry[]): readonly Standing[] {
  return standing(entries).filter(({ settings, suspended }) => relays(settings, suspended));
}

/** How a person mends a site: the privileged side makes of it what it should be, whatever is there. */
export function askAgain({ name, settings }: Standing): string {
  return `Run sculptorctl domain update ${name} --${settings.enabled ? 'enable' : 'disable'}.`;
}
