import type { SiteSpec } from '../../../../contract/domains.ts';
import { FailureError } from '../../../../contract/failures.ts';
import { bindsBrowsersMore } from '../../../../contract/hsts.ts';
import { sendsElsewhere } from '../../../../contract/redirects.ts';
import { keepsMoreOff } from '../../../../contract/site-options.ts';
import type { SiteEntry } from '../../system/registry.ts';
import { namesOf } from './story.ts';

/**
 * Whether a site would serve less than it does, or something else: a name, its type, its folder, or all of it. And what
 * browsers remember, which nobody takes back.
 */
export function destroys(entry: SiteEntry, spec: SiteSpec): boolean {
  const kept = namesOf(spec);
  if (entry.names.some((name) => !kept.includes(name))) return true;
  const { settings } = entry;
  // What never stood whole cannot lose anything.
  if (settings === null) return false;
  if (settings.type !== spec.type || settings.publicDirectory !== spec.publicDirectory) return true;
  const [before, after] = [settings.options, spec.options];
  if (keepsMoreOff(before, after) || bindsBrowsersMore(before.hsts, after.hsts)) return true;
  if (spec.type === 'redirect' && sendsElsewhere(before.redirect, after.redirect)) return true;
  return settings.enabled && !spec.enabled;
}

/** What is protected is neither removed nor switched off. */
export function refuseIfProtected(entry: SiteEntry): void {
  if (!entry.protected) return;
  throw new FailureError(
    'protected',
    'The site is protected: it is neither removed nor switched off.',
    `On the server, as root: sculptorctl unprotect domain ${entry.name}`,
  );
}
