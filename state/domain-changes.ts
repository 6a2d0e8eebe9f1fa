import { bindsBrowsersMore } from '../contract/hsts.ts';
import { sendsElsewhere } from '../contract/redirects.ts';
import { keepsAddressesOff, letsAddressesIn, type KeptOptions } from '../contract/site-options.ts';
import { keepsVisitorsOff, letsVisitorsIn } from '../contract/visitors.ts';
import type { DomainVersion } from './domains.ts';

/* What of a site's change is told, each to be read after its name. What it counts as the executor decides for itself. */

export function lossesOf(before: DomainVersion, after: DomainVersion): string[] {
  const lost = before.aliases.filter((name) => !after.aliases.includes(name));
  return [
    ...(before.enabled && !after.enabled ? ['was switched off'] : []),
    ...(lost.length > 0 ? [`answers no more as ${lost.join(' ')}`] : []),
    ...(before.type === after.type ? [] : [`is ${after.type} and was ${before.type}`]),
    ...lossesOfOptions(before.options, after.options),
    ...(before.type === 'redirect' && after.type === 'redirect'
      ? elsewhere(before.options, after.options)
      : []),
    ...(before.publicDirectory === after.publicDirectory
      ? []
      : [`serves ${after.publicDirectory} and not ${before.publicDirectory}`]),
  ];
}

function lossesOfOptions(before: KeptOptions, after: KeptOptions): string[] {
  return [
    ...(keepsAddressesOff(before, after) ? [`lets in only ${after.allowedAddresses.join(' ')}`] : []),
    ...(keepsVisitorsOff(before.basicAuth, after.basicAuth)
      ? ['lets in by name and password only, and not all as before']
      : []),
    ...(bindsBrowsersMore(before.hsts, after.hsts)
      ? [`tells browsers to come by HTTPS alone for ${after.hsts?.maxAgeSeconds ?? 0} seconds`]
      : []),
  ];
}

function elsewhere({ redirect: before }: KeptOptions, { redirect: after }: KeptOptions): string[] {
  if (!sendsElsewhere(before, after)) return [];
  if (before?.to === after?.to) return ['sends its visitors on in another way'];
  return [`sends its visitors to ${after?.to ?? 'nowhere'} and not to ${before?.to ?? 'nowhere'}`];
}

export function gainsOf(before: KeptOptions, after: KeptOptions): string[] {
  const added = after.allowedAddresses.filter((range) => !before.allowedAddresses.includes(range));
  const addresses = added.length === 0 ? 'from every address' : `from ${added.join(' ')} too`;
  return [
    ...(letsAddressesIn(before, after) ? [`lets in ${addresses}`] : []),
    ...(letsVisitorsIn(before.basicAuth, after.basicAuth) ? [whoComesIn(after)] : []),
  ];
}

function whoComesIn({ basicAuth }: KeptOptions): string {
  return basicAuth === null ? 'asks for no password any more' : 'lets in somebody new, or by a new password';
}
