import type { OperationKind } from '../../contract/operations.ts';
import { one, type Random } from './random.ts';
import { HOME, type Wish, type Wishing, type World } from './world.ts';

type Looked = { readonly path: string; readonly tenant: string };

/** What stands, as the client believes, and how it is addressed. */
const STANDING = {
  domain: ({ sites }: World) =>
    sites.filter(({ trashed }) => !trashed).map(({ id, tenant }) => ({ path: `/v1/domains/${id}`, tenant })),
  database: ({ bases }: World) =>
    bases.filter(({ trashed }) => !trashed).map(({ id }) => ({ path: `/v1/databases/${id}`, tenant: HOME })),
  tenant: ({ guests }: World) =>
    guests
      .filter(({ state }) => state === 'active')
      .map(({ id }) => ({ path: `/v1/tenants/${id}`, tenant: HOME })),
} as const satisfies Readonly<Record<string, (world: World) => readonly Looked[]>>;

/** Whether one of them is as it was asked for, and that it be so again. */
function looked(type: keyof typeof STANDING, what: 'drift' | 'repair'): Wishing {
  const kind: OperationKind = `${type}.${what}`;
  const word = what === 'drift' ? 'drift' : 'drift/repair';
  return {
    weight: 1,
    wish: (world: World, random: Random): Wish | null => {
      const found = one(random, STANDING[type](world));
      if (found === null) return null;
      return {
        kind,
        method: 'POST',
        path: `${found.path}/${word}`,
        tenant: found.tenant,
        then: () => undefined,
      };
    },
  };
}

export const DRIFT_WISHES: readonly Wishing[] = (['domain', 'database', 'tenant'] as const).flatMap(
  (type) => [looked(type, 'drift'), looked(type, 'repair')],
);
