import { Option, type Command } from 'commander';
import { BAN_JAILS } from '../../contract/bans.ts';
import { action, present } from '../action.ts';
import { Bans } from '../answers.ts';
import { understand } from '../client.ts';
import { path, type OpenSession } from '../session.ts';
import { table } from '../table.ts';
import { perform } from '../write.ts';

const BANS = '/v1/server/bans';

/** `sculptorctl ban`: whom fail2ban keeps off the server. */
export function addBanCommands(program: Command, open: OpenSession): void {
  const ban = program.command('ban').description('Whom fail2ban keeps off this server. For administrators.');
  ban
    .command('list')
    .description('Who is kept off, since when, and until when.')
    .action(
      action(open, async (session) => {
        const document = await session.client.get(BANS);
        present(session, document, () => linesOf(understand(Bans, document)));
      }),
    );
  ban
    .command('create')
    .description('Keep an address off, for as long as the jail keeps off whoever fails to log in.')
    .argument('<address>', 'such as 203.0.113.7 or 2001:db8::7; no network')
    .addOption(
      new Option('--jail <jail>', 'off ssh (sshd) or off the web (sculptor-api) alone').choices(BAN_JAILS),
    )
    .action(
      action<{ readonly jail?: string }>(open, async (session, [address], { jail }) => {
        const body = { address, ...(jail === undefined ? {} : { jails: [jail] }) };
        await perform(session, { method: 'POST', path: BANS, body, noun: 'bans', reread: BANS });
      }),
    );
  ban
    .command('delete')
    .description('Let an address in again.')
    .argument('<address>', 'as it is listed')
    .action(
      action(open, async (session, [address]) => {
        const wish = {
          method: 'DELETE',
          path: path`/v1/server/bans/${address}`,
          noun: 'bans',
          reread: BANS,
        } as const;
        await perform(session, wish);
      }),
    );
}

function linesOf({ jails, bans, more, seenAt }: Bans): readonly string[] {
  const seen = `seen at ${seenAt}`;
  if (jails.length === 0) return [`fail2ban does not run on this server, or has none of the jails; ${seen}`];
  const last = `in ${jails.join(' and ')}; ${seen}`;
  if (bans.length === 0) return [`nobody is banned ${last}`];
  const rows = bans.map(({ address, jail, since, until }) => [address, jail, since, until ?? 'for good']);
  const left = more === 0 ? [] : [`and ${more} more`];
  return [...table(['ADDRESS', 'JAIL', 'SINCE', 'UNTIL'], rows), ...left, last];
}
