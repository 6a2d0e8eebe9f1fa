import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Database } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { octets } from '../octets.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';
import { addDatabaseUserCommands } from './database-user.ts';

type Changes = { readonly protect?: true; readonly charset?: string; readonly collation?: string };

const PROTECT = 'let nobody remove it, until root on the server unprotects it';

/** `sculptorctl database`: MariaDB databases and, below it, their users. */
export function addDatabaseCommands(program: Command, open: OpenSession): void {
  const database = program.command('database').description('MariaDB databases and their users.');
  database
    .command('create')
    .description('Make an empty database.')
    .argument('<name>', 'a letter, then a-z, 0-9 and _; up to 48 characters')
    .option('--charset <name>', 'its character set: utf8mb4 where none is given')
    .option('--collation <name>', 'how words are compared and sorted in it')
    .option('--protect', PROTECT)
    .action(
      action<Changes>(open, async (session, [name], changes) => {
        const reread = path`/v1/databases/${name}`;
        const body = { name, ...asked(changes) };
        await perform(session, { method: 'POST', path: '/v1/databases', body, noun: 'database', reread });
      }),
    );
  addReading(database, open);
  addUpdate(database, open);
  addRename(database, open);
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
    .description('Protect a database, or change the character set of what is made in it from then on.')
    .argument('<database>', 'its id or its name')
    .option('--charset <name>', 'a character set; what is in it already stays as it is')
    .option('--collation <name>', 'how words are compared and sorted')
    .option('--protect', PROTECT)
    .action(
      action<Changes>(open, async (session, [id], changes) => {
        const reread = path`/v1/databases/${id}`;
        const body = asked(changes);
        if (Object.keys(body).length === 0) throw new UsageError('nothing to change was given; see --help');
        await perform(session, { method: 'PATCH', path: reread, body, noun: 'database', reread });
      }),
    );
}

function asked({ protect, charset, collation }: Changes): Record<string, unknown> {
  return {
    ...(charset === undefined ? {} : { charset }),
    ...(collation === undefined ? {} : { collation }),
    ...(protect ? { protected: true } : {}),
  };
}

/** What people look for and there is not, said before anything is asked. */
function addRename(database: Command, open: OpenSession): void {
  database
    .command('rename')
    .description('Says how to move a database to another name: none is renamed.')
    .argument('<database>', 'its id or its name')
    .argument('<name>', 'the name that it should have')
    .action(
      action(open, async (_session, [old, name]) => {
        await Promise.resolve();
        throw new UsageError(
          `a database is not renamed. Do this instead: sculptorctl database create ${name}; ` +
            `mariadb-dump ${old} | mariadb ${name}; make a user for ${name} and give it to the site; ` +
            `sculptorctl database delete ${old}`,
        );
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
    ['charset', database.charset],
    ['collation', database.collation],
    ['size', sizeOf(database)],
    ['protected', database.protected ? 'yes' : 'no'],
    ['status', database.status],
    ['generation', String(database.generation)],
    ['created', database.createdAt],
    ['updated', database.updatedAt],
  ];
}

function sizeOf({ size }: Database): string {
  if (size === null) return 'not measured yet';
  return `${octets(size.data)} of data, ${octets(size.index)} of indexes, measured ${size.measuredAt}`;
}
