import type { OperationKind } from '../../contract/operations.ts';
import type { Method } from '../machine/agent.ts';
import type { Random } from './random.ts';

/** What a client believes there is, by what it was answered. It may be wrong: then it is refused, or its wish fails. */
export type World = {
  readonly sites: Site[];
  readonly bases: Base[];
  /** Tenants beside the one that the client asks for. */
  readonly guests: Guest[];
  /** Whom fail2ban keeps off for it. */
  readonly bans: string[];
  /** How often each kind was asked for. */
  readonly counts: Map<OperationKind, number>;
};

export function newWorld(): World {
  return { sites: [], bases: [], guests: [], bans: [], counts: new Map() };
}

export type Site = {
  readonly id: string;
  readonly name: string;
  tenant: string;
  readonly runs: boolean;
  trashed: boolean;
  enabled: boolean;
  cache: boolean;
  certificate: boolean;
  readonly keys: string[];
  readonly crons: string[];
  readonly queues: string[];
};

export type Base = {
  readonly id: string;
  readonly name: string;
  trashed: boolean;
  readonly users: string[];
};

export type Guest = { readonly id: string; state: 'active' | 'suspended' | 'trashed' };

export const HOME = 'default';

export type Wish = {
  readonly kind: OperationKind;
  readonly method: Method;
  readonly path: string;
  readonly body?: object;
  readonly tenant: string;
  /** What the client believes once it was accepted; the answer's body. */
  readonly then: (answer: Record<string, unknown>) => void;
  /** The client goes on when it has ended: what comes next depends on how. */
  readonly awaited?: boolean;
};

/** One kind of wish: null where the client's world has nothing to wish it for. */
export type Wishing = {
  readonly weight: number;
  readonly wish: (world: World, random: Random) => Wish | null;
};

export function newSite(answer: Record<string, unknown>, tenant: string, runs: boolean): Site {
  const { id, name } = answer['domain'] as { id: string; name: string };
  const flags = { trashed: false, enabled: true, cache: false, certificate: false };
  return { id, name, tenant, runs, ...flags, keys: [], crons: [], queues: [] };
}

export function idOf(answer: Record<string, unknown>, field: string): string {
  return (answer[field] as { id: string }).id;
}

export function drop<T>(list: T[], one: T): void {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}
