import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Database } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';
import { addDatabaseUserCommands } from './database-user.ts';

type Protect = { readonly protect?: true };

const PROTECT = 'let nobody remove it, until root on the server unprotects it';

/** `sculptorctl database`: MariaDB databases and, below it, their users. */
export function addDatabaseCommands(program: Command, open: OpenSession): void {
  const database = program.command('database').description('MariaDB databases and their users.');
  database
    .command('create')
    .description('Make an empty database.')
    .argument('<name>', 'a letter, then a-z, 0-9 and _; up to 48 characters')
    .option('--protect', PROTECT)
    .action(
      action<Protect>(open, async (session, [name], { protect }) => {
        const reread = path`/v1/databases/${name}`;
        const body = { name, ...(protect ? { protected: true } : {}) };
        await perform(session, { method: 'POST', path: '/v1/databases', body, noun: 'database', reread });
      }),
    );
  addReading(database, open);
  addUpdate(database, open);
  database
    .command('delete')
    .description("Keep a dump in the server's trash, then drop the database and its users.")
    .argument('<database>', 'its id or its name')
    .action(
      action(open, async (session, [id]) => {
        await perform(session, { method: 'DELETE', path: path`/v1/databases/${id}`, noun: 'database' });
      }),
    );
  database
    .command('restore')
    .description('Bring a database back from the trash, with its users, their passwords and their rights.')
    .argument('<database>', 'its id; sculptorctl trash list shows it')
    .action(
      action(open, async (session, [id]) => {
        const reread = path`/v1/databases/${id}`;
        await perform(session, { method: 'POST', path: `${reread}/restore`, noun: 'database', reread });
      }),
    );
  addDatabaseUserCommands(database, open);
}

function addUpdate(database: Command, open: OpenSession): void {
  database
    .command('update')
    .description('Protect a database; nothing else of it can change.')
    .argument('<database>', 'its id or its name')
    .requiredOption('--protect', PROTECT)
    .action(
      action(open, async (session, [id]) => {
        const reread = path`/v1/databases/${id}`;
        const body = { protected: true };
        await perform(session, { method: 'PATCH', path: reread, body, noun: 'database', reread });
      }),
    );
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
    ['protected', database.protected ? 'yes' : 'no'],
    ['status', database.status],
    ['generation', String(database.generation)],
    ['created', database.createdAt],
    ['updated', database.updatedAt],
  ];
}
