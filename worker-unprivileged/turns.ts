import type { TenantId, WebhookId } from '../contract/ids.ts';

/**
 * Who has how many attempts under way: of all, of all tenants (the rest is kept for what an administrator has made), of one
 * tenant, of a webhook.
 */
const MOST = { all: 32, ofTenants: 24, ofTenant: 8, ofWebhook: 2 } as const;
/** The same of those that were slow last time: half of all turns is for those that were not. */
const MOST_SLOW = { all: 16, ofTenants: 12, ofTenant: 4, ofWebhook: 1 } as const;

/** By how long it took, and not by how it ended: who answers in the last moment keeps a turn as long as who does not. */
const SLOW_MS = 2000;
/** So often in a row it has to be quick to be taken for quick again. */
const QUICK_AGAIN = 10;

export interface Turn {
  readonly webhook: WebhookId;
  readonly tenant: TenantId | null;
}

/** How long it took; null where nothing was sent. */
export type End = (tookMs: number | null) => void;

/** Bounds what runs at once, so that a receiver that does not answer keeps none from its turn but its own. */
export interface Turns {
  /** Undefined where there is no room now; else what says that it ended. */
  readonly take: (turn: Turn) => End | undefined;
}

export function createTurns(): Turns {
  const running = new Set<Turn & { readonly isSlow: boolean }>();
  /** How often each that was slow has to be quick yet. */
  const slow = new Map<WebhookId, number>();

  function isRoom(
    { webhook, tenant }: Turn,
    among: readonly Turn[],
    most: typeof MOST | typeof MOST_SLOW,
  ): boolean {
    const count = (is: (one: Turn) => boolean) => among.filter(is).length;
    if (among.length >= most.all || count((one) => one.webhook === webhook) >= most.ofWebhook) return false;
    if (tenant === null) return true;
    return (
      count((one) => one.tenant !== null) < most.ofTenants &&
      count((one) => one.tenant === tenant) < most.ofTenant
    );
  }

  function note(webhook: WebhookId, tookMs: number): void {
    const left = tookMs > SLOW_MS ? QUICK_AGAIN : (slow.get(webhook) ?? 1) - 1;
    if (left > 0) slow.set(webhook, left);
    else slow.delete(webhook);
  }

  return {
    take: (asked) => {
      const isSlow = slow.has(asked.webhook);
      const all = [...running];
      if (!isRoom(asked, all, MOST)) return undefined;
      const slowOnes = all.filter((one) => one.isSlow || one.webhook === asked.webhook);
      if (isSlow && !isRoom(asked, slowOnes, MOST_SLOW)) return undefined;
      const turn = { ...asked, isSlow };
      running.add(turn);
      return (tookMs) => {
        running.delete(turn);
        if (tookMs !== null) note(asked.webhook, tookMs);
      };
    },
  };
}
