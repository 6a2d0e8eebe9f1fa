import type { Scenario } from '../scenario.ts';
import { site } from './domains.ts';

export const OF_PLANS: readonly Scenario[] = [
  {
    kind: 'change.plan',
    prepare: async (it) => ({
      method: 'PATCH',
      path: `${await site(it, {})}?plan=true`,
      body: { publicDirectory: 'public/web' },
    }),
    keyless: true,
  },
];
