import type { MailSender } from '../contract/mail.ts';

export type Bounds = { readonly ofSite: number; readonly ofAll: number };
export type Octets = { readonly mine: number; readonly all: number };

/**
 * Whether a site may have so much of what all share: never more than is still free beside it. However many take as
 * much as they get, the next finds room, and no table of who belongs together is needed for that.
 */
export function isWithin({ mine, all }: Octets, { ofSite, ofAll }: Bounds): boolean {
  return mine <= Math.min(ofSite, ofAll - all);
}

export type Tally = {
  readonly add: (site: MailSender, octets: number) => void;
  readonly of: (site: MailSender) => Octets;
};

export function createTally(): Tally {
  const sites = new Map<MailSender, number>();
  let all = 0;
  return {
    add: (site, octets) => {
      const mine = (sites.get(site) ?? 0) + octets;
      if (mine === 0) sites.delete(site);
      else sites.set(site, mine);
      all += octets;
    },
    of: (site) => ({ mine: sites.get(site) ?? 0, all }),
  };
}
