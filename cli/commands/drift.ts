import { Option, type Command } from 'commander';
import { action, present } from '../action.ts';
import { Drift, DriftSummary } from '../answers.ts';
import { understand } from '../client.ts';
import { linesOf } from '../differences.ts';
import { listAll, path, type OpenSession, type Session } from '../session.ts';
import { table } from '../table.ts';
import { perform } from '../write.ts';

type Of = { readonly type: 'domain' | 'database' | 'tenant' };

/** `sculptorctl drift`: what on the server is not as it was asked for. */
export function addDriftCommands(program: Command, open: OpenSession): void {
  const drift = program
    .command('drift')
    .description('What on the server is not as it was asked for, because somebody changed it there.');
  addList(drift, open);
  of(drift.command('show').description('What was found when it was looked at last, with the diffs.')).action(
    action<Of>(open, async (session, [name], { type }) => {
      await show(session, addressOf(type, name));
    }),
  );
  of(drift.command('check').description('Look at it now.')).action(
    action<Of>(open, async (session, [name], { type }) => {
      const address = addressOf(type, name);
      await perform(session, { method: 'POST', path: address, noun: 'drift', reread: address });
      if (!session.json && session.wait) await show(session, address);
    }),
  );
  of(
    drift
      .command('repair')
      .description('Make it as it was asked for. What is overwritten is kept, and shown by drift show.'),
  ).action(
    action<Of>(open, async (session, [name], { type }) => {
      const address = addressOf(type, name);
      const wish = { method: 'POST', path: `${address}/repair`, noun: 'drift', reread: address } as const;
      await perform(session, wish);
    }),
  );
}

function addList(drift: Command, open: OpenSession): void {
  drift
    .command('list')
    .description('All that has drifted, of all tenants.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/drift');
        present(session, listed, () => {
          const rows = listed.items.map((item) => {
            const { resource, since, differences } = understand(DriftSummary, item);
            const [first] = differences;
            const more = differences.length > 1 ? ` and ${differences.length - 1} more` : '';
            return [resource.type, resource.name, since ?? '-', `${first?.step ?? ''}${more}`];
          });
          return table(['TYPE', 'NAME', 'SINCE', 'WHAT'], rows);
        });
      }),
    );
}

async function show(session: Session, address: string): Promise<void> {
  const document = await session.client.get(address);
  present(session, document, () => {
    const { lookedAt, since, differences, kept } = understand(Drift, document);
    const now =
      since === null
        ? [lookedAt === null ? 'nobody has looked yet' : `as it was asked for, at ${lookedAt}`]
        : [`not as it was asked for since ${since}`, ...linesOf(differences)];
    const before = kept.flatMap(({ operation, foundAt, differences: found }) => [
      `found at ${foundAt}, before the operation ${operation}:`,
      ...linesOf(found),
    ]);
    return [...now, ...before];
  });
}

function of(command: Command): Command {
  return command
    .argument('<name>', 'its id, or the name of a website or a database')
    .addOption(
      new Option('--type <type>', 'what it is').choices(['domain', 'database', 'tenant']).default('domain'),
    );
}

function addressOf(type: Of['type'], name: string): string {
  if (type === 'domain') return path`/v1/domains/${name}/drift`;
  return type === 'database' ? path`/v1/databases/${name}/drift` : path`/v1/tenants/${name}/drift`;
}
