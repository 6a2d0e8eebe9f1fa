import type { Command } from 'commander';
import { action, count, present } from '../action.ts';
import { Notification } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, type OpenSession } from '../session.ts';
import { table } from '../table.ts';

/** `sculptorctl notification`: what a person should know of though nobody asked. */
export function addNotificationCommands(program: Command, open: OpenSession): void {
  program
    .command('notification')
    .description('What destroyed, what let somebody in, and what is held back for being too much.')
    .command('list')
    .description('The newest notifications.')
    .option('--limit <count>', 'how many at most', count, 50)
    .action(
      action<{ readonly limit: number }>(open, async (session, _, { limit }) => {
        const listed = await listAll(session, '/v1/notifications', limit);
        present(session, listed, () => {
          const all = listed.items.map((item) => understand(Notification, item));
          const rows = all.map((one) => [one.createdAt, one.kind, one.operation ?? '-', one.message]);
          return table(['AT', 'KIND', 'OPERATION', 'MESSAGE'], rows);
        });
      }),
    );
}
