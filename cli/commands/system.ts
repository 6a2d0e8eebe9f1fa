import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { Updates } from '../answers.ts';
import { understand } from '../client.ts';
import type { OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';
import { addServerHealthCommands } from './server-health.ts';

const UPDATES = '/v1/server/updates';

/** `sculptorctl system`: the server that all of it stands on. */
export function addSystemCommands(program: Command, open: OpenSession): void {
  const system = program
    .command('system')
    .description('The server itself, and how it stands. For administrators.');
  addServerHealthCommands(system, open);
  system
    .command('updates')
    .description(
      'Which updates wait, how they were installed last, and whether the server has to be started anew.',
    )
    .option('--install', 'install the security updates that wait now, as the distribution does each day')
    .action(
      action<{ readonly install?: true }>(open, async (session, _, { install }) => {
        if (install === true) {
          const wish = {
            method: 'POST',
            path: `${UPDATES}/install`,
            noun: 'updates',
            reread: UPDATES,
          } as const;
          await perform(session, wish);
          if (session.json || !session.wait) return;
        }
        const document = await session.client.get(UPDATES);
        present(session, document, () => linesOf(understand(Updates, document)));
      }),
    );
}

function linesOf({ pending, last, reboot, installing, lookedAt }: Updates): readonly string[] {
  const facts = listing([
    ['security updates', pending === null ? 'not known' : waiting(pending)],
    ...(pending === null ? [] : heldBack(pending)),
    ['other updates', pending === null ? 'not known' : `${pending.others} wait for a person`],
    ['lists read', pending?.listsReadAt ?? 'not known'],
    ['last run', last === null ? 'not known' : lastRun(last)],
    ['reboot needed', reboot === null ? 'no' : `yes${reboot.length === 0 ? '' : `: ${reboot.join(', ')}`}`],
    ['under way', installing ?? 'no'],
    ['looked at', lookedAt],
  ]);
  const security = pending?.security ?? [];
  if (security.length === 0) return facts;
  const rows = security.map(({ name, from, to }) => [name, from, to]);
  return [...facts, '', ...table(['WAITS', 'FROM', 'TO'], rows)];
}

type Pending = NonNullable<Updates['pending']>;

function waiting({ security, more }: Pending): string {
  return security.length === 0 ? 'none waits' : `${security.length + more} wait`;
}

function heldBack(pending: Pending): readonly (readonly [string, string])[] {
  return pending.heldBack.length === 0 ? [] : [['held back', pending.heldBack.join(', ')]];
}

function lastRun({ beganAt, result, why, packages, more }: NonNullable<Updates['last']>): string {
  const count = packages.length + more;
  const some = count === 1 ? '1 package was replaced' : `${count} packages were replaced`;
  const what = count === 0 ? 'nothing was replaced' : some;
  return `${result} at ${beganAt}, ${what}${why === null ? '' : `: ${why}`}`;
}
