import { choose, UsageError, type AdminCommand } from './command.ts';
import { purgeDatabase } from './purge-database.ts';
import { purgeDomain } from './purge-domain.ts';
import type { PurgeRequest } from './purge-request.ts';

const KINDS = { domain: purgeDomain, database: purgeDatabase } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => PurgeRequest>
>;

export const purge: AdminCommand = {
  synopsis: 'purge domain|database NAME|ID [--yes]',
  summary:
    'Erases at once what lies in the trash: it cannot be brought back afterwards. An id alone is easily mistaken: with it say --yes.',
  read: (words) => {
    const asked = choose(
      KINDS,
      words.filter((word) => word !== '--yes'),
    );
    if (!asked.byName && !words.includes('--yes'))
      throw new UsageError('it cannot be undone: type the name instead of the id, or add --yes');
    return asked;
  },
};
