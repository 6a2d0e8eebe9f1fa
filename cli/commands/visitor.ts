import { Option, type Command } from 'commander';
import { action } from '../action.ts';
import { Domain } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { path, type OpenSession, type Session } from '../session.ts';
import { perform } from '../write.ts';

type Chosen = { readonly realm?: string };

const HOW = 'such as: openssl passwd -6 | sculptorctl domain visitor set shop.example anna';

/** `sculptorctl domain visitor`: who comes in by name and password, to a site that asks for them. */
export function addVisitorCommands(domain: Command, open: OpenSession): void {
  const visitor = domain
    .command('visitor')
    .description('Names and passwords without which a website shows nothing.');
  withVisitor(visitor.command('set'))
    .description(`Let somebody in, or by another password: its hash is read from standard input, ${HOW}`)
    .addOption(new Option('--realm <text>', 'what a browser shows where it asks'))
    .action(
      action<Chosen>(open, async (session, [id, name], { realm }) => {
        const { basicAuth, address } = await standing(session, id);
        const passwordHash = await hashIn(session);
        const others = basicAuth?.users.filter((user) => user.name !== name) ?? [];
        const asked = { ...basicAuth, ...(realm === undefined ? {} : { realm }) };
        await ask(session, address, { ...asked, users: [...others, { name, passwordHash }] });
      }),
    );
  withVisitor(visitor.command('remove'))
    .description('Let somebody in no more. With the last one the website asks for nothing, and is open.')
    .action(
      action(open, async (session, [id, name]) => {
        const { basicAuth, address } = await standing(session, id);
        const users = basicAuth?.users.filter((user) => user.name !== name) ?? [];
        if (basicAuth === null || users.length === basicAuth.users.length)
          throw new UsageError(`there is no visitor ${name} of this website`);
        await ask(session, address, users.length === 0 ? null : { ...basicAuth, users });
      }),
    );
}

function withVisitor(command: Command): Command {
  return command
    .argument('<domain>', 'its id or its name')
    .argument('<visitor>', 'letters, digits and . _ @ -');
}

async function standing({ client }: Session, id: string) {
  const address = path`/v1/domains/${id}`;
  const { options } = understand(Domain, await client.get(address));
  return { basicAuth: options.basicAuth, address };
}

async function ask(session: Session, address: string, basicAuth: object | null): Promise<void> {
  const body = { options: { basicAuth } };
  await perform(session, { method: 'PATCH', path: address, body, noun: 'domain', reread: address });
}

async function hashIn({ terminal }: Session): Promise<string> {
  const text = (await terminal.input()).trim();
  if (text === '') throw new UsageError(`a hash of the password is wanted on standard input, ${HOW}`);
  return text;
}
