import type { Caller } from '../caller.ts';
import { unavailable } from '../problems.ts';

/** How many streams may be open at once; each keeps a connection and asks the database now and then. */
export interface StreamRoom {
  /** Throws where there is no room for this caller. Returns what gives the place back. */
  readonly enter: (caller: Pick<Caller, 'role' | 'tenant' | 'tokenId'>) => () => void;
}

const MOST = {
  token: 20,
  tenant: 40,
  /** Of the tenants together: what they hold keeps no administrator from following. */
  tenants: 160,
  administratorsToken: 40,
  administrators: 80,
};

export function createStreamRoom(most: Readonly<typeof MOST> = MOST): StreamRoom {
  const open = new Map<string, number>();
  const placesOf = ({ role, tenant, tokenId }: Pick<Caller, 'role' | 'tenant' | 'tokenId'>) =>
    role === 'administrator'
      ? [place('token', tokenId, most.administratorsToken), place('all', role, most.administrators)]
      : [
          place('token', tokenId, most.token),
          place('tenant', tenant, most.tenant),
          place('all', role, most.tenants),
        ];

  return {
    enter: (caller) => {
      const places = placesOf(caller);
      for (const { key, limit, whose } of places)
        if ((open.get(key) ?? 0) >= limit)
          throw unavailable(
            `${limit} operations are followed ${whose} now, which is the most. Read it instead.`,
          );
      for (const { key } of places) open.set(key, (open.get(key) ?? 0) + 1);
      return () => {
        for (const { key } of places) {
          const left = (open.get(key) ?? 0) - 1;
          if (left > 0) open.set(key, left);
          else open.delete(key);
        }
      };
    },
  };
}

const WHOSE = { token: 'with this token', tenant: 'for this tenant', all: 'on this server' };

function place(kind: keyof typeof WHOSE, of: string, limit: number) {
  return { key: `${kind}:${of}`, limit, whose: WHOSE[kind] };
}
