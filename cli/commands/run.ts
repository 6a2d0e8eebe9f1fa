import type { Command } from 'commander';
import { action, collect, count, defined, present } from '../action.ts';
import { Run } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, path, type OpenSession, type Session } from '../session.ts';
import { OperationError, ProgramEndedError } from '../errors.ts';
import { table } from '../table.ts';
import { watch } from '../write.ts';
import { variables } from '../variables.ts';

type Options = {
  readonly directory?: string;
  readonly env?: readonly string[];
  readonly timeout?: number;
};

/** `sculptorctl domain run`, and what came of it. */
export function addRunCommands(domain: Command, open: OpenSession): void {
  domain
    .command('run')
    .description('Run one command as the website’s user, show what it says, and end as it ended.')
    .argument('<domain>', 'its id or its name')
    .argument('<command...>', 'after --: the program and its arguments; no shell reads them')
    .option('--directory <folder>', 'where it starts, below the website’s folder, such as private/app')
    .option('--env <NAME=value>', 'a variable; may be given several times', collect)
    .option('--timeout <seconds>', 'after which it, and all that it started, is ended', count)
    .action(
      action<Options>(open, async (session, [domainName, ...command], { directory, env, timeout }) => {
        const body = defined({
          command,
          workingDirectory: directory,
          environment: variables(env),
          timeoutSeconds: timeout,
        });
        await runIt(session, domainName, body);
      }),
    );
  domain
    .command('runs')
    .description('The commands that were run as a website in the last days.')
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [name]) => {
        const listed = await listAll(session, path`/v1/domains/${name}/runs`);
        present(session, listed, () => {
          const runs = listed.items.map((item) => understand(Run, item));
          const rows = [...runs]
            .sort((a, b) => b.createdAt.localeCompare(a.createdAt))
            .map(({ id, createdAt, command, status, result }) => [
              ...[id, createdAt, JSON.stringify(command), status, String(result?.exitCode ?? '-')],
            ]);
          return table(['ID', 'CREATED', 'COMMAND', 'STATUS', 'EXIT'], rows);
        });
      }),
    );
  domain
    .command('run-stop')
    .description('End a command that runs, with all that it has started.')
    .argument('<domain>', 'its id or its name')
    .argument('<run>', "the run's id")
    .action(
      action(open, async (session, [name, id]) => {
        const address = path`/v1/domains/${name}/runs/${id}/stop`;
        const answer = await session.client.write({ method: 'POST', path: address });
        present(session, answer, () => [`run ${id} is being stopped`]);
      }),
    );
}

/** What the command says goes to the output alone, and its exit code becomes ours. */
async function runIt(session: Session, domain: string, body: unknown): Promise<void> {
  const { client, terminal, json } = session;
  const answer = await client.write({ method: 'POST', path: path`/v1/domains/${domain}/runs`, body });
  if (!session.wait) {
    present(session, answer, () => [`operation ${answer.operation.id} ${answer.operation.status}`]);
    return;
  }
  const operation = await watch({ ...session, json: true }, answer.operation.id);
  const address = path`/v1/domains/${domain}/runs/${operation.resource.id}`;
  if (operation.status !== 'succeeded') throw new OperationError(operation);
  const document = await client.get(address);
  const { result } = understand(Run, document);
  if (json) terminal.json({ operation, run: document });
  else lines(result?.output ?? '').forEach((line) => terminal.line(line));
  if (result === null) return;
  if (result.endedBy === 'time_limit') terminal.error('The time for this command was over; it was ended.');
  if (result.truncated && !json) terminal.error('What it said before that was not kept.');
  if (result.exitCode !== 0) throw new ProgramEndedError(result.exitCode);
}

function lines(output: string): readonly string[] {
  return output === '' ? [] : output.replace(/\n$/, '').split('\n');
}
