import { z } from 'zod';
import { DomainId, TenantId } from '../../../contract/ids.ts';
import type { Files } from './files.ts';
import type { Limits } from './limits.ts';
import type { Locks } from './locks.ts';
import { digestOf, requireRoomFor, WEEK_MS, type CountedOrder, type Order } from './order-rules.ts';
import { paths } from './paths.ts';

export type BegunOrder = {
  readonly issued: () => Promise<void>;
  /** The authority has not heard of it: it does not count. */
  readonly unheard: () => Promise<void>;
};

/** How often an authority is asked: it counts by its account, which is that of all tenants together. */
export type Orders = {
  /** Throws `acme_limit` where there is no room, and counts nothing. */
  readonly requireRoom: (order: Order) => Promise<void>;
  /** Counts it before it is made, whatever becomes of it; throws `acme_limit` where there is no room. */
  readonly begin: (order: Order) => Promise<BegunOrder>;
};

const Counted = z.strictObject({
  at: z.iso.datetime(),
  site: DomainId,
  tenant: TenantId,
  names: z.string().max(64),
  issued: z.boolean(),
});

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace'>;
  readonly locks: Locks;
  readonly limits: () => Promise<Limits>;
  readonly now: () => Date;
};

/** The record lies beside the registry, so that neither a restart nor a second executor begins to count anew. */
export function createOrders({ files, locks, limits, now }: Tools): Orders {
  const read = async (): Promise<readonly CountedOrder[]> => {
    const text = await files.read(paths.orders);
    // One that cannot be read stops everything: beginning anew would give the week its room back.
    const counted = text === null ? [] : z.array(Counted).parse(JSON.parse(text));
    return counted.filter(({ at }) => now().getTime() - Date.parse(at) < WEEK_MS);
  };
  const change = (edit: (counted: readonly CountedOrder[]) => readonly CountedOrder[]) =>
    locks.during('acme-orders', async () => {
      const edited = edit(await read());
      await files.replace(paths.orders, `${JSON.stringify(edited)}\n`, 0o600);
    });
  return {
    requireRoom: async (order) =>
      requireRoomFor(order, { counted: await read(), limits: await limits(), now: now() }),
    begin: async (order) => {
      const most = await limits();
      const { site, tenant, names } = order;
      const at = now().toISOString();
      await change((counted) => {
        requireRoomFor(order, { counted, limits: most, now: now() });
        return [...counted, { at, site, tenant, names: digestOf(names), issued: false }];
      });
      // The last of its site: one asks at a time.
      const place = (counted: readonly CountedOrder[]) => counted.findLastIndex((one) => one.site === site);
      return {
        issued: () =>
          change((counted) =>
            counted.map((one, index) => (index === place(counted) ? { ...one, issued: true } : one)),
          ),
        unheard: () => change((counted) => counted.filter((_, index) => index !== place(counted))),
      };
    },
  };
}
