import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Cache, type Accepted } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { path, type OpenSession } from '../session.ts';
import { listing } from '../table.ts';
import { perform } from '../write.ts';

type Memory = { readonly memory?: string };

const MEMORY = 'how much it may hold, such as 64M';

/** `sculptorctl cache`: a website's share of the Redis for caches. */
export function addCacheCommands(program: Command, open: OpenSession): void {
  const cache = program.command('cache').description('A cache in memory (Redis), one for a website.');
  withDomain(cache.command('create').description('Give a website a cache; its password is printed once.'))
    .option('--memory <size>', `${MEMORY} (default: 32M)`)
    .action(
      action<Memory>(open, async (session, [domain], { memory }) => {
        const body = memory === undefined ? {} : { memoryBytes: bytesIn(memory) };
        const address = path`/v1/domains/${domain}/cache`;
        const announce = (answer: Accepted) => sayPassword(answer, domain);
        await perform(session, {
          ...{ method: 'POST', path: address, body, noun: 'cache', reread: address, announce },
        });
      }),
    );
  withDomain(cache.command('show').description('How it is reached, and how much it holds.')).action(
    action(open, async (session, [domain]) => {
      const document = await session.client.get(path`/v1/domains/${domain}/cache`);
      present(session, document, () => listing(facts(understand(Cache, document))));
    }),
  );
  addChanges(cache, open);
}

function addChanges(cache: Command, open: OpenSession): void {
  withDomain(cache.command('update').description('Let it hold more, or less.'))
    .requiredOption('--memory <size>', MEMORY)
    .action(
      action<{ readonly memory: string }>(open, async (session, [domain], { memory }) => {
        const address = path`/v1/domains/${domain}/cache`;
        const body = { memoryBytes: bytesIn(memory) };
        await perform(session, { method: 'PATCH', path: address, body, noun: 'cache', reread: address });
      }),
    );
  withDomain(
    cache.command('rotate-password').description('Give it a new password; it is printed once.'),
  ).action(
    action(open, async (session, [domain]) => {
      const address = path`/v1/domains/${domain}/cache`;
      const announce = (answer: Accepted) => sayPassword(answer, domain);
      await perform(session, {
        ...{ method: 'POST', path: `${address}/rotate-password`, noun: 'cache', reread: address, announce },
      });
    }),
  );
  withDomain(cache.command('delete').description('Take it away, with all that it holds.')).action(
    action(open, async (session, [domain]) => {
      await perform(session, { method: 'DELETE', path: path`/v1/domains/${domain}/cache`, noun: 'cache' });
    }),
  );
}

function withDomain(command: Command): Command {
  return command.argument('<domain>', "the website's id or name");
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1_048_576, G: 1_073_741_824 };

/** The bounds are the API's to say. */
function bytesIn(size: string): number {
  const [, number, unit = ''] = /^([0-9]{1,12})([KMG]?)$/.exec(size) ?? [];
  if (number === undefined) throw new UsageError(`${size} is no size; write one such as 64M`);
  return Number(number) * (UNITS[unit] ?? 1);
}

function facts({ status, memoryBytes, socket, username, prefix, usage }: Cache): [string, string][] {
  const reached: [string, string][] = [
    ['status', status],
    ['socket', socket],
    ['username', username],
    ['prefix', prefix],
    ['may hold', `${memoryBytes} bytes`],
  ];
  if (usage === null) return [...reached, ['holds', 'not measured yet']];
  return [
    ...reached,
    ['holds', `${usage.bytes} bytes in ${usage.keys} keys`],
    ['dropped', `${usage.dropped} keys, because it was full`],
    ['writes', usage.writesRefused ? 'refused for now: it was filled too fast' : 'taken'],
    ['measured', usage.observedAt],
  ];
}

function sayPassword({ password }: Accepted, domain: string): string[] {
  if (typeof password === 'string')
    return [`password ${password}`, 'This password is not shown again: keep it now.'];
  return [
    'The password was in an answer that got lost on the way, and is not given twice.',
    `For a new one: sculptorctl cache rotate-password ${domain}`,
  ];
}
