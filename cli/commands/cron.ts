import type { Command } from 'commander';
import { action, collect, count, defined, present } from '../action.ts';
import { Cron } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { variables } from '../variables.ts';
import { perform } from '../write.ts';

type Wanted = {
  readonly directory?: string;
  readonly env?: readonly string[];
  readonly overlap?: true;
  readonly timeout?: number;
};
type Updated = Wanted & { readonly schedule?: string; readonly alone?: true };

/** `sculptorctl cron`: programs that the clock starts. */
export function addCronCommands(program: Command, open: OpenSession): void {
  const cron = program.command('cron').description('Programs of a website that the clock starts.');
  withOptions(
    cron
      .command('create')
      .description('Start a program at certain times, as the website’s user.')
      .argument('<domain>', 'its id or its name')
      .argument('<name>', 'a name for it: a letter, then a-z, 0-9 and -')
      .argument('<schedule>', 'five fields in one word, such as "30 4 * * 1-5", or @daily')
      .argument('<command...>', 'after --: the program and its arguments; no shell reads them'),
  ).action(
    action<Wanted>(open, async (session, [domain, name, schedule, ...command], options) => {
      const body = { name, schedule, command, ...wanted(options) };
      const reread = path`/v1/domains/${domain}/crons/${name}`;
      const address = path`/v1/domains/${domain}/crons`;
      await perform(session, { method: 'POST', path: address, body, noun: 'cron', reread });
    }),
  );
  withOptions(
    cron
      .command('update')
      .description('Change a cron. What is not named stays.')
      .argument('<domain>', 'its id or its name')
      .argument('<cron>', "the cron's id or name")
      .argument('[command...]', 'after --: the program and its arguments'),
  )
    .option('--schedule <schedule>', 'when, such as "*/5 * * * *"')
    .option('--alone', 'not while it still runs from before')
    .action(
      action<Updated>(open, async (session, [domain, name, ...command], { schedule, alone, ...options }) => {
        const body = {
          ...wanted(options),
          ...(schedule === undefined ? {} : { schedule }),
          ...(alone === true ? { overlap: false } : {}),
          ...(command.length === 0 ? {} : { command }),
        };
        if (Object.keys(body).length === 0) throw new UsageError('nothing to change was given; see --help');
        const address = path`/v1/domains/${domain}/crons/${name}`;
        await perform(session, { method: 'PATCH', path: address, body, noun: 'cron', reread: address });
      }),
    );
  addReading(cron, open);
  cron
    .command('run')
    .description('Start it now, as if this were one of its times; not while it still runs.')
    .argument('<domain>', 'its id or its name')
    .argument('<cron>', "the cron's id or name")
    .action(
      action(open, async (session, [domain, name]) => {
        const reread = path`/v1/domains/${domain}/crons/${name}`;
        await perform(session, { method: 'POST', path: `${reread}/run`, noun: 'cron', reread });
      }),
    );
  cron
    .command('delete')
    .description('Start it no more, end it where it runs, and forget what it said.')
    .argument('<domain>', 'its id or its name')
    .argument('<cron>', "the cron's id or name")
    .action(
      action(open, async (session, [domain, name]) => {
        const address = path`/v1/domains/${domain}/crons/${name}`;
        await perform(session, { method: 'DELETE', path: address, noun: 'cron' });
      }),
    );
}

function addReading(cron: Command, open: OpenSession): void {
  cron
    .command('list')
    .description('The crons of a website, and how they went.')
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [domain]) => {
        const listed = await listAll(session, path`/v1/domains/${domain}/crons`);
        present(session, listed, () => {
          const crons = listed.items.map((item) => understand(Cron, item));
          const rows = crons.map((each) => [
            each.name,
            each.inWords,
            each.next[0] ?? '-',
            ended(each),
            each.status,
          ]);
          return table(['NAME', 'WHEN', 'NEXT', 'LAST', 'STATUS'], rows);
        });
      }),
    );
  cron
    .command('show')
    .description('One cron: when it runs, how it went, and the end of what it said.')
    .argument('<domain>', 'its id or its name')
    .argument('<cron>', "the cron's id or name")
    .action(
      action(open, async (session, [domain, name]) => {
        const document = await session.client.get(path`/v1/domains/${domain}/crons/${name}`);
        present(session, document, () => {
          const each = understand(Cron, document);
          return [...listing(facts(each)), ...(each.output ?? '').split('\n').slice(-20)];
        });
      }),
    );
}

function withOptions(command: Command): Command {
  return command
    .option('--directory <folder>', 'where it starts, below the website’s folder, such as private/app')
    .option('--env <NAME=value>', 'a variable; may be given several times, and these are then all', collect)
    .option('--overlap', 'even while it still runs from before')
    .option('--timeout <seconds>', 'after which it is ended', count);
}

function wanted({ directory, env, overlap, timeout }: Wanted): Record<string, unknown> {
  return defined({
    workingDirectory: directory,
    environment: variables(env),
    overlap,
    timeoutSeconds: timeout,
  });
}

function ended({ report }: Cron): string {
  if (report === null || report.last === null) return report?.running === true ? 'running' : '-';
  const { exitCode, endedBy, startedAt, endedAt } = report.last;
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const how = endedBy === 'itself' ? `exit ${exitCode}` : endedBy === 'stop' ? 'stopped' : 'time over';
  return `${how} after ${seconds.toFixed(1)} s`;
}

function facts(cron: Cron): [string, string][] {
  return [
    ['name', cron.name],
    ['id', cron.id],
    ['schedule', `${cron.schedule}, ${cron.inWords}`],
    ['next', `${cron.next.join(', ')} (${cron.timeZone})`],
    ['command', JSON.stringify(cron.command)],
    ['overlap', cron.overlap ? 'yes' : 'no'],
    ['time limit', `${cron.timeoutSeconds} s`],
    ['last', ended(cron)],
    ['failures since', String(cron.report?.failures ?? 0)],
    ['skipped', cron.report?.skippedAt ?? '-'],
    ['status', cron.status],
  ];
}
