import type { Command } from 'commander';
import { action, count, present } from '../action.ts';
import { AuditEntry } from '../answers.ts';
import { understand } from '../client.ts';
import { listAll, type OpenSession } from '../session.ts';
import { table } from '../table.ts';

type Asked = {
  readonly limit: number;
  readonly actor?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly outcome?: string;
  readonly since?: string;
  readonly until?: string;
};

/** `sculptorctl audit list`: who asked for what, from where, and how it went. `audit verify` is root's own. */
export function addAuditCommands(program: Command, open: OpenSession): void {
  program
    .command('audit')
    .description('Who asked for what, from where, and how it went; for administrators.')
    .command('list')
    .description('The newest lines of the audit.')
    .option('--actor <id>', "a token's id, nobody, worker-privileged, executor or root")
    .option('--action <word>', 'such as domain.create, GET, site.put or purge')
    .option('--resource <id>', "a resource's id; of what was read or refused, the address")
    .option('--outcome <word>', 'such as accepted, answered, refused, failed or succeeded')
    .option('--since <time>', 'from this time on, such as 2026-01-31T00:00:00Z')
    .option('--until <time>', 'before this time')
    .option('--limit <count>', 'how many at most', count, 50)
    .action(
      action<Asked>(open, async (session, _, { limit, ...asked }) => {
        const query = new URLSearchParams(asked).toString();
        const listed = await listAll(session, `/v1/audit${query === '' ? '' : `?${query}`}`, limit);
        present(session, listed, () => {
          const all = listed.items.map((item) => understand(AuditEntry, item));
          const rows = all.map((one) => [
            ...[
              String(one.seal ?? '-'),
              one.at,
              one.source,
              one.actor,
              one.address,
              one.action,
              one.resource,
            ],
            one.times === 1 ? one.outcome : `${one.outcome} (${one.times} times)`,
          ]);
          return table(['SEAL', 'AT', 'SOURCE', 'ACTOR', 'FROM', 'ACTION', 'RESOURCE', 'OUTCOME'], rows);
        });
      }),
    );
}
