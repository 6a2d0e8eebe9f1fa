import { Option, type Command } from 'commander';
import { action, collect, count, defined, present } from '../action.ts';
import { Queue, QueueOutput } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { variables } from '../variables.ts';
import { perform } from '../write.ts';

type Wanted = {
  readonly processes?: number;
  readonly directory?: string;
  readonly env?: readonly string[];
  readonly stopSignal?: string;
  readonly stopSeconds?: number;
  readonly memoryMb?: number;
  readonly cpuPercent?: number;
  readonly boot?: boolean;
  /** False: none any more. */
  readonly publicPort?: string | false;
};

/** `sculptorctl queue`: programs that are kept running for a website. */
export function addQueueCommands(program: Command, open: OpenSession): void {
  const queue = program
    .command('queue')
    .description("Programs that Supervisor keeps running as a website's user.");
  addWrites(queue, open);
  addReading(queue, open);
  addDoings(queue, open);
}

function addWrites(queue: Command, open: OpenSession): void {
  const create = queue
    .command('create')
    .description(
      'Keep a program running: everything after -- is the program and its arguments, word by word.',
    )
    .argument('<domain>', 'its id or its name')
    .argument('<name>', 'a letter, then a-z, 0-9 and -')
    .argument('<command...>', 'the program and its arguments; no shell reads them');
  addWanted(create).action(
    action<Wanted>(open, async (session, [domain, name, ...command], options) => {
      const body = defined({ name, command, ...wanted(options) });
      const reread = path`/v1/domains/${domain}/queues/${name}`;
      const address = path`/v1/domains/${domain}/queues`;
      await perform(session, { method: 'POST', path: address, body, noun: 'queue', reread });
    }),
  );
  const update = queue
    .command('update')
    .description('Change a queue; its program is started anew. What is not named stays.')
    .argument('<domain>', 'its id or its name')
    .argument('<queue>', "the queue's id or name")
    .argument('[command...]', 'another program and its arguments, after --');
  addWanted(update).action(
    action<Wanted>(open, async (session, [domain, name, ...command], options) => {
      const body = defined({ ...wanted(options), command: command.length === 0 ? undefined : command });
      if (Object.keys(body).length === 0) throw new UsageError('Say what is to change; --help lists it.');
      const address = path`/v1/domains/${domain}/queues/${name}`;
      await perform(session, { method: 'PATCH', path: address, body, noun: 'queue', reread: address });
    }),
  );
}

function addWanted(command: Command): Command {
  return command
    .option('--processes <number>', 'how many of it run', count)
    .option('--directory <path>', "where it starts, below the website's folder")
    .option(
      '--env <name=value>',
      'a variable; may be given several times, and then is all there are',
      collect,
    )
    .addOption(
      new Option('--stop-signal <signal>', 'what tells it to end').choices([
        ...['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'KILL'],
      ]),
    )
    .option('--stop-seconds <seconds>', 'how long it has for that', count)
    .option('--memory-mb <mib>', 'the memory of each process', count)
    .option('--cpu-percent <percent>', 'of one processor, for each process', count)
    .option('--public-port <port>', 'reached from outside by it, as 25565 or 25565/udp')
    .option('--no-public-port', 'not reached from outside')
    .addOption(new Option('--boot', 'start it with the server'))
    .addOption(new Option('--no-boot', 'do not start it with the server'));
}

function wanted({
  processes,
  directory,
  env,
  boot,
  publicPort: port,
  ...same
}: Wanted): Record<string, unknown> {
  return {
    ...same,
    processes,
    workingDirectory: directory,
    environment: variables(env),
    startOnBoot: boot,
    publicPort: typeof port === 'string' ? portOf(port) : port === false ? null : undefined,
  };
}

/** Which numbers there are the server says. */
function portOf(text: string): Record<string, unknown> {
  const [, port, protocol = 'tcp'] = /^([0-9]{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  if (port === undefined) throw new UsageError('--public-port is a number, with /udp where it is not TCP');
  return { port: Number(port), protocol };
}

function addReading(queue: Command, open: OpenSession): void {
  queue
    .command('list')
    .description('The queues of a website, and how they fare.')
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [domain]) => {
        const listed = await listAll(session, path`/v1/domains/${domain}/queues`);
        present(session, listed, () => {
          const queues = listed.items.map((item) => understand(Queue, item));
          const rows = queues.map(({ name, id, state, status, processes, command }) => [
            ...[name, id, state, status, String(processes), command.join(' ')],
          ]);
          return table(['NAME', 'ID', 'STATE', 'STATUS', 'PROCESSES', 'COMMAND'], rows);
        });
      }),
    );
  onOne(queue.command('show').description('A queue, how it fares, and its last words where it does not.'), {
    act: action(open, async (session, [domain, name]) => {
      const found = await session.client.get(path`/v1/domains/${domain}/queues/${name}`);
      present(session, found, () => shown(understand(Queue, found)));
    }),
  });
  onOne(queue.command('logs').description('The last lines that a queue has said.'), {
    act: action(open, async (session, [domain, name]) => {
      const found = await session.client.get(path`/v1/domains/${domain}/queues/${name}/output`);
      present(session, found, () => {
        const { output } = understand(QueueOutput, found);
        const numbered = output.length > 1;
        return output.flatMap(({ number, lines }) =>
          lines.map((line) => (numbered ? `${number}: ${line}` : line)),
        );
      });
    }),
  });
}

function shown(queue: Queue): readonly string[] {
  const { command, environment, processStates, lastWords, publicPort: port, ...facts } = queue;
  const states = processStates.map(
    ({ number, state, since, exitCode }) =>
      `process ${number}: ${state}${since === null ? '' : ` since ${since}`}${exitCode === null ? '' : `, ended with ${exitCode}`}`,
  );
  return [
    ...listing([
      ...Object.entries(facts).map(([name, value]) => [name, String(value ?? '-')] as const),
      ['publicPort', port === null ? '-' : `${port.port}/${port.protocol}`],
      ['command', JSON.stringify(command)],
      ['environment', JSON.stringify(environment)],
    ]),
    ...states,
    ...(lastWords.length === 0 ? [] : ['its last words:', ...lastWords.map((line) => `  ${line}`)]),
  ];
}

function addDoings(queue: Command, open: OpenSession): void {
  const doing = (name: string, description: string) =>
    onOne(queue.command(name).description(description), {
      act: action(open, async (session, [domain, which]) => {
        const reread = path`/v1/domains/${domain}/queues/${which}`;
        await perform(session, { method: 'POST', path: `${reread}/${name}`, noun: 'queue', reread });
      }),
    });
  doing('start', 'Start a queue that was stopped, or that has failed.');
  doing('stop', 'Stop a queue; it stays stopped until it is started.');
  doing('restart', 'End what runs of a queue, and start it anew.');
  onOne(queue.command('delete').description('Stop a queue for good; what it has said goes too.'), {
    act: action(open, async (session, [domain, name]) => {
      const address = path`/v1/domains/${domain}/queues/${name}`;
      await perform(session, { method: 'DELETE', path: address, noun: 'queue' });
    }),
  });
}

function onOne(command: Command, { act }: { readonly act: (...given: unknown[]) => Promise<void> }): void {
  command
    .argument('<domain>', 'its id or its name')
    .argument('<queue>', "the queue's id or name")
    .action(act);
}
