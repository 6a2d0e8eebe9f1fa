import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Database } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';
import { addDatabaseUserCommands } from './database-user.ts';

/** `sculptorctl database`: MariaDB databases and, below it, their users. */
export function addDatabaseCommands(program: Command, open: OpenSession): void {
  const database = program.command('database').description('MariaDB databases and their users.');
  database
    .command('create')
    .description('Make an empty database.')
    .argument('<name>', 'a letter, then a-z, 0-9 and _; up to 48 characters')
    .action(
      action(open, async (session, [name]) => {
        const reread = path`/v1/databases/${name}`;
        const body = { name };
        await perform(session, { method: 'POST', path: '/v1/databases', body, noun: 'database', reread });
      }),
    );
  addReading(database, open);
  database
    .command('delete')
    .description("Keep a dump in the server's trash, then drop the database and its users.")
    .argument('<database>', 'its id or its name')
    .action(
      action(open, async (session, [id]) => {
        await perform(session, { method: 'DELETE', path: path`/v1/databases/${id}`, noun: 'database' });
      }),
    );
  addDatabaseUserCommands(database, open);
}

function addReading(database: Command, open: OpenSession): void {
  database
    .command('list')
    .description('All databases.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/databases');
        present(session, listed, () => {
          const databases = listed.items.map((item) => understand(Database, item));
          const rows = databases.map(({ name, id, status, createdAt }) => [name, id, status, createdAt]);
          return table(['NAME', 'ID', 'STATUS', 'CREATED'], rows);
        });
      }),
    );
  database
    .command('show')
    .description('One database.')
    .argument('<database>', 'its id or its name')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/databases/${id}`);
        present(session, document, () => listing(facts(understand(Database, document))));
      }),
    );
}

function facts(database: Database): [string, string][] {
  return [
    ['name', database.name],
    ['id', database.id],
    ['status', database.status],
    ['generation', String(database.generation)],
    ['created', database.createdAt],
    ['updated', database.updatedAt],
  ];
}
