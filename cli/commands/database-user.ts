import { Option, type Command } from 'commander';
import { action, count, present } from '../action.ts';
import { DatabaseUser, type Accepted } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession, type Session } from '../session.ts';
import { table } from '../table.ts';
import { perform } from '../write.ts';

type Changes = { readonly privileges?: string; readonly connections?: number | 'default' };

const CONNECTIONS =
  'how many it may have at once; as many as the server lets an account have where none is given';

/** `sculptorctl database user`: accounts, each for one database. */
export function addDatabaseUserCommands(database: Command, open: OpenSession): void {
  const user = database.command('user').description('Accounts, each of which reaches one database only.');
  addCreate(user, open);
  withDatabase(user.command('list').description('The users of a database.')).action(
    action(open, async (session, [id]) => {
      const listed = await listAll(session, path`/v1/databases/${id}/users`);
      present(session, listed, () => {
        const users = listed.items.map((item) => understand(DatabaseUser, item));
        const rows = users.map(({ name, id: own, privileges, maxConnections, status }) => [
          ...[name, own, privileges, maxConnections === null ? 'default' : String(maxConnections), status],
        ]);
        return table(['NAME', 'ID', 'PRIVILEGES', 'CONNECTIONS', 'STATUS'], rows);
      });
    }),
  );
  addUpdate(user, open);
  addChanges(user, open);
}

function addCreate(user: Command, open: OpenSession): void {
  withDatabase(user.command('create').description('Make a user; its password is printed once.'))
    .argument('<name>', 'a letter, then a-z, 0-9 and _; up to 32 characters')
    .addOption(
      new Option('--privileges <which>', 'read: look and change nothing')
        .choices(['all', 'read'])
        .default('all'),
    )
    .option('--connections <number>', CONNECTIONS, count)
    .action(
      action<Changes>(open, async (session, [id, name], changes) => {
        await perform(session, {
          method: 'POST',
          path: path`/v1/databases/${id}/users`,
          body: { name, ...asked(changes) },
          noun: 'databaseUser',
          announce: (answer) => sayPassword(answer, id, name),
        });
      }),
    );
}

function addChanges(user: Command, open: OpenSession): void {
  withUser(
    user.command('rotate-password').description('Give a user a new password; it is printed once.'),
  ).action(
    action(open, async (session, [id, name]) => {
      await perform(session, {
        method: 'POST',
        path: path`/v1/databases/${id}/users/${await userId(session, id, name)}/rotate-password`,
        noun: 'databaseUser',
        announce: (answer) => sayPassword(answer, id, name),
      });
    }),
  );
  withUser(user.command('delete').description('Take a user away; the database stays.')).action(
    action(open, async (session, [id, name]) => {
      const address = path`/v1/databases/${id}/users/${await userId(session, id, name)}`;
      await perform(session, { method: 'DELETE', path: address, noun: 'databaseUser' });
    }),
  );
}

function addUpdate(user: Command, open: OpenSession): void {
  withUser(user.command('update').description('Change what a user may; its password stays as it is.'))
    .addOption(new Option('--privileges <which>', 'read: look and change nothing').choices(['all', 'read']))
    .option('--connections <number>', 'how many it may have at once, or default', countOrDefault)
    .action(
      action<Changes>(open, async (session, [id, name], changes) => {
        const body = asked(changes);
        if (Object.keys(body).length === 0) throw new UsageError('nothing to change was given; see --help');
        const address = path`/v1/databases/${id}/users/${await userId(session, id, name)}`;
        await perform(session, {
          ...{ method: 'PATCH', path: address, body },
          ...{ noun: 'databaseUser', reread: address },
        });
      }),
    );
}

function asked({ privileges, connections }: Changes): Record<string, unknown> {
  return {
    ...(privileges === undefined ? {} : { privileges }),
    ...(connections === undefined ? {} : { maxConnections: connections === 'default' ? null : connections }),
  };
}

function countOrDefault(text: string): number | 'default' {
  return text === 'default' ? text : count(text);
}

function withDatabase(command: Command): Command {
  return command.argument('<database>', "the database's id or name");
}

function withUser(command: Command): Command {
  return withDatabase(command).argument('<user>', "the user's id or name");
}

/** The API knows users by id. A name it does not know goes to it as it is: the refusal is the API's own. */
async function userId(session: Session, database: string, name: string): Promise<string> {
  const { items } = await listAll(session, path`/v1/databases/${database}/users`);
  const users = items.map((item) => understand(DatabaseUser, item));
  return users.find((user) => user.name === name)?.id ?? name;
}

function sayPassword({ password }: Accepted, database: string, name: string): string[] {
  if (typeof password === 'string') {
    return [`password ${password}`, 'This password is not shown again: keep it now.'];
  }
  return [
    'The password was in an answer that got lost on the way, and is not given twice.',
    `For a new one: sculptorctl database user rotate-password ${database} ${name}`,
  ];
}
