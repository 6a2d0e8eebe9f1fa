import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { TrashItem } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, type OpenSession } from '../session.ts';
import { table } from '../table.ts';

/** `sculptorctl trash`: what was removed and is still there. */
export function addTrashCommands(program: Command, open: OpenSession): void {
  program
    .command('trash')
    .description('What was removed, and can be brought back until the server purges it.')
    .command('list')
    .description('All that lies there, with the id that restore asks for.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/trash');
        present(session, listed, () => {
          const items = listed.items.map((item) => understand(TrashItem, item));
          const rows = items.map(({ type, name, id, ...at }) => [
            type,
            name,
            id,
            at.trashedAt,
            at.purgeAfter,
          ]);
          return table(['TYPE', 'NAME', 'ID', 'REMOVED', 'PURGED AFTER'], rows);
        });
      }),
    );
}
