import type { TenantId, WebhookId } from '../contract/ids.ts';

/** Who has how many attempts under way: of all, of a tenant, of a webhook; and how many those may that were slow last time. */
const MOST = { all: 32, ofTenant: 8, ofWebhook: 2, slow: 16, ofSlow: 1 } as const;

export interface Turn {
  readonly webhook: WebhookId;
  readonly tenant: TenantId | null;
}

/** Bounds what runs at once, so that a receiver that does not answer keeps none from its turn but its own. */
export interface Turns {
  /** Undefined where there is no room now; else what says that it ended, and whether it was slow. */
  readonly take: (turn: Turn) => ((slow: boolean) => void) | undefined;
}

export function createTurns(): Turns {
  const running = new Set<Turn & { readonly isSlow: boolean }>();
  const slow = new Set<WebhookId>();
  const count = (is: (one: Turn & { readonly isSlow: boolean }) => boolean) => [...running].filter(is).length;
  return {
    take: ({ webhook, tenant }) => {
      const isSlow = slow.has(webhook);
      if (running.size >= MOST.all) return undefined;
      if (isSlow && count((one) => one.isSlow) >= MOST.slow) return undefined;
      if (count((one) => one.webhook === webhook) >= (isSlow ? MOST.ofSlow : MOST.ofWebhook))
        return undefined;
      if (tenant !== null && count((one) => one.tenant === tenant) >= MOST.ofTenant) return undefined;
      const turn = { webhook, tenant, isSlow };
      running.add(turn);
      return (wasSlow) => {
        running.delete(turn);
        if (wasSlow) slow.add(webhook);
        else slow.delete(webhook);
      };
    },
  };
}
