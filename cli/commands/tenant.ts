import type { Command } from 'commander';
import { OwnedKind, Plan } from '../../contract/tenants.ts';
import { action, collect, present } from '../action.ts';
import { Tenant, TenantUsage } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { limitsOf, limitText } from '../limits.ts';
import { octets } from '../octets.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';

type Limits = { readonly limit?: readonly string[] };
type Change = Limits & { readonly name?: string };

const NAMES = Plan.keyof().options;
const LIMIT = `a limit of its plan, such as domains=10, or domains=none; may be given several times: ${NAMES.join(', ')}`;

/** `sculptorctl tenant`: who owns what, how much of it they may have, and whether it is served. */
export function addTenantCommands(program: Command, open: OpenSession): void {
  const tenant = program
    .command('tenant')
    .description('Who owns what, and how much of it they may have. For administrators.');
  tenant
    .command('create')
    .description('Make a tenant. Act for it with --tenant ID before or behind any other command.')
    .argument('<name>', 'for people; up to 100 letters, digits, spaces, . _ @ -')
    .option('--limit <name=number>', LIMIT, collect)
    .action(
      action<Limits>(open, async (session, [name], { limit }) => {
        const body = { name, plan: limitsOf(NAMES, limit) };
        await perform(session, { method: 'POST', path: '/v1/tenants', body, noun: 'tenant' });
      }),
    );
  addReading(tenant, open);
  tenant
    .command('update')
    .description('Change its name or the limits of its plan. What is there already stays.')
    .argument('<tenant>', 'its id')
    .option('--name <name>', 'another name')
    .option('--limit <name=number>', LIMIT, collect)
    .action(
      action<Change>(open, async (session, [id], { name, limit }) => {
        if (name === undefined && limit === undefined)
          throw new UsageError('nothing to change: give --name or --limit');
        const body = {
          ...(name === undefined ? {} : { name }),
          ...(limit === undefined ? {} : { plan: limitsOf(NAMES, limit) }),
        };
        const reread = path`/v1/tenants/${id}`;
        await perform(session, { method: 'PATCH', path: reread, body, noun: 'tenant', reread });
      }),
    );
  addStanding(tenant, open);
}

function addStanding(tenant: Command, open: OpenSession): void {
  tenant
    .command('suspend')
    .description('Answer its sites with 503, stop its programs and lock its accounts. Nothing is taken away.')
    .argument('<tenant>', 'its id')
    .requiredOption('--reason <text>', 'why; the tenant sees it, visitors of its sites do not')
    .action(
      action<{ readonly reason: string }>(open, async (session, [id], { reason }) => {
        const reread = path`/v1/tenants/${id}`;
        const body = { reason };
        await perform(session, { method: 'POST', path: `${reread}/suspend`, body, noun: 'tenant', reread });
      }),
    );
  for (const [word, description] of [
    ['resume', 'Bring all of it back as it was before it was suspended.'],
    ['restore', 'Bring a tenant back from the trash, with what went there with it.'],
  ] as const)
    tenant
      .command(word)
      .description(description)
      .argument('<tenant>', 'its id')
      .action(
        action(open, async (session, [id]) => {
          const reread = path`/v1/tenants/${id}`;
          await perform(session, { method: 'POST', path: `${reread}/${word}`, noun: 'tenant', reread });
        }),
      );
  tenant
    .command('delete')
    .description('Put all that it owns into the trash, end its tokens, then put it there too.')
    .argument('<tenant>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        await perform(session, { method: 'DELETE', path: path`/v1/tenants/${id}`, noun: 'tenant' });
      }),
    );
}

function addReading(tenant: Command, open: OpenSession): void {
  tenant
    .command('list')
    .description('All tenants.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/tenants');
        present(session, listed, () => {
          const rows = listed.items
            .map((item) => understand(Tenant, item))
            .map((one) => [
              one.name,
              one.id,
              one.status,
              one.suspended === null ? 'no' : 'yes',
              one.createdAt,
            ]);
          return table(['NAME', 'ID', 'STATUS', 'SUSPENDED', 'CREATED'], rows);
        });
      }),
    );
  tenant
    .command('show')
    .description('One tenant and its plan.')
    .argument('<tenant>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/tenants/${id}`);
        present(session, document, () => listing(facts(understand(Tenant, document))));
      }),
    );
  tenant
    .command('usage')
    .description('What it has, beside what its plan allows.')
    .argument('<tenant>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/tenants/${id}/usage`);
        present(session, document, () => {
          const usage = understand(TenantUsage, document);
          return [...table(['WHAT', 'USED', 'LIMIT'], used(usage)), ...disk(usage)];
        });
      }),
    );
}

function facts({ plan, suspended, ...tenant }: Tenant): [string, string][] {
  return [
    ['name', tenant.name],
    ['id', tenant.id],
    ['status', tenant.status],
    ['suspended', suspended === null ? 'no' : `since ${suspended.since}: ${suspended.reason}`],
    ...Object.entries(plan).map(([name, limit]): [string, string] => [name, limitText(limit)]),
    ['created', tenant.createdAt],
    ['updated', tenant.updatedAt],
  ];
}

function used({ counts, disk, plan }: TenantUsage): string[][] {
  const numbers = OwnedKind.options.map((kind) => [kind, String(counts[kind] ?? 0), limitText(plan[kind])]);
  if (disk === undefined) return numbers;
  return [...numbers, ['diskBytes', String(disk.usedBytes), limitText(plan.diskBytes)]];
}

const ENFORCED = {
  quota: 'by the kernel, for files; databases are measured',
  measured: 'by what is measured: what is made through the agent is refused beyond it',
} as const;

function disk({ disk }: TenantUsage): readonly string[] {
  if (disk === undefined) return [];
  return listing([
    ['files', octets(disk.filesBytes)],
    ['databases', octets(disk.databasesBytes)],
    ['measured', disk.measuredAt ?? 'not yet'],
    ['enforced', disk.enforcement === null ? 'no limit' : ENFORCED[disk.enforcement]],
  ]);
}
