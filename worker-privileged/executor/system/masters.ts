import type { Isolation } from '../../../contract/domains.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { Share } from '../render/bounds.ts';

/** Whose php-fpm master. */
export type Pool = {
  readonly id: DomainId;
  readonly user: string;
  readonly isolation: Isolation;
  readonly share: Share;
};

/** What keeps the php-fpm masters of the sites: systemd, or Supervisor where PID 1 is something else. */
export type Masters = {
  /** Where nginx reaches a site's PHP. */
  readonly socketOf: (id: DomainId) => string;
  /** What keeps the site's PHP from answering, now and after a restart of the server; null where nothing does. */
  readonly lookOn: (pool: Pool) => Promise<string | null>;
  readonly turnOn: (pool: Pool) => Promise<void>;
  /** What is left of the site's PHP; null where nothing is. */
  readonly lookOff: (pool: Pool) => Promise<string | null>;
  readonly turnOff: (pool: Pool) => Promise<void>;
  /** Lets a master that runs end its requests and start anew from what is there now; a sleeping one sleeps on. */
  readonly refresh: (pool: Pool) => Promise<void>;
  /** Where nothing counts a site's processes together, what is wanted is what there is. */
  readonly readShare: (pool: Pool, wanted: Share) => Promise<Share>;
  readonly setShare: (pool: Pool, share: Share) => Promise<void>;
};
