import { Option, type Command } from 'commander';
import { OperationStatus } from '../../contract/operations.ts';
import { action, count, present } from '../action.ts';
import { Operation } from '../answers.ts';
import { understand } from '../client.ts';
import { OperationError } from '../errors.ts';
import { listAll, path, type OpenSession, type Session } from '../session.ts';
import { describeStep } from '../steps.ts';
import { listing, table } from '../table.ts';
import { watch } from '../write.ts';

type Filter = { readonly resource?: string; readonly status?: string; readonly limit: number };

/** `sculptorctl operation`: what was asked for, and how it went. */
export function addOperationCommands(program: Command, open: OpenSession): void {
  const operation = program.command('operation').description('What was asked for, and how it went.');
  addList(operation, open);
  withId(operation.command('show').description('One operation with its steps.')).action(
    action(open, async (session, [id]) => {
      const document = await session.client.get(path`/v1/operations/${id}`);
      present(session, document, () => story(understand(Operation, document)));
    }),
  );
  withId(
    operation.command('follow').description('Show the steps as they end, and wait for the last.'),
  ).action(
    action(open, async (session, [id]) => {
      const ended = await watch(session, id);
      if (session.json) session.terminal.json(ended);
      if (ended.status !== 'succeeded') throw new OperationError(ended);
    }),
  );
  withId(operation.command('cancel').description('Take back an operation that is still queued.')).action(
    action(open, async (session, [id]) => cancel(session, id)),
  );
}

function addList(operation: Command, open: OpenSession): void {
  operation
    .command('list')
    .description('The newest operations.')
    .option('--resource <id>', 'only those on the resource with this id')
    .addOption(new Option('--status <status>', 'only those in this state').choices(OperationStatus.options))
    .option('--limit <count>', 'how many at most', count, 50)
    .action(
      action<Filter>(open, async (session, _, filter) => {
        const listed = await listAll(session, `/v1/operations${query(filter)}`, filter.limit);
        present(session, listed, () => {
          const operations = listed.items.map((item) => understand(Operation, item));
          const rows = operations.map((one) => [
            one.id,
            one.kind,
            one.resource.name,
            one.status,
            one.createdAt,
          ]);
          return table(['ID', 'KIND', 'RESOURCE', 'STATUS', 'CREATED'], rows);
        });
      }),
    );
}

/** The wish is granted while the operation is queued; whether it was, only its end tells. */
async function cancel(session: Session, id: string): Promise<void> {
  const answer = await session.client.write({ method: 'POST', path: path`/v1/operations/${id}/cancel` });
  if (!session.wait) {
    present(session, answer, () => [`operation ${id}: asked to be cancelled`]);
    return;
  }
  const ended = await watch(session, id);
  if (session.json) session.terminal.json({ ...answer, operation: ended });
  if (ended.status !== 'cancelled') throw new OperationError(ended);
}

function story(operation: Operation): string[] {
  const facts = listing([
    ['id', operation.id],
    ['kind', operation.kind],
    ['resource', `${operation.resource.name} (${operation.resource.id})`],
    ['status', operation.status],
    ['attempts', String(operation.attempt)],
    ['created', operation.createdAt],
    ['started', operation.startedAt ?? '-'],
    ['ended', operation.endedAt ?? '-'],
  ]);
  const steps = operation.steps.map((step) => `  ${describeStep(step)}`);
  const { error } = operation;
  return [...facts, ...steps, ...(error ? [`${error.code}: ${error.message}`, error.hint] : [])];
}

function withId(command: Command): Command {
  return command.argument('<operation>', 'its id');
}

function query({ resource, status }: Filter): string {
  const text = new URLSearchParams({ ...(resource && { resource }), ...(status && { status }) }).toString();
  return text === '' ? '' : `?${text}`;
}
