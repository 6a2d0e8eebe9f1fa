import { Option, type Command } from 'commander';
import { z } from 'zod';
import { TenantScope } from '../../contract/tokens.ts';
import { action, collect, count, present } from '../action.ts';
import { Token } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { listAll, path, type OpenSession, type Session } from '../session.ts';
import { listing, table } from '../table.ts';

type Wanted = {
  readonly scope?: readonly string[];
  readonly days?: number;
  readonly expires?: string;
  readonly from?: readonly string[];
};

/** `sculptorctl token`: who may ask the API for what. */
export function addTokenCommands(program: Command, open: OpenSession): void {
  const token = program
    .command('token')
    .description('Who may ask the API for what. None is wider than its maker.');
  addCreate(token, open);
  addReading(token, open);
  token
    .command('revoke')
    .description('End a token, and all that it has made, from this moment on.')
    .argument('<token>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const answer = await session.client.send({ method: 'DELETE', path: path`/v1/tokens/${id}` });
        present(session, answer, () => [`token ${id} revoked`]);
      }),
    );
}

function addCreate(token: Command, open: OpenSession): void {
  token
    .command('create')
    .description("Make a token; its text is printed once. An administrator's is made by root on the server.")
    .argument('<name>', 'whose it is, or what for')
    .addOption(
      new Option(
        '--scope <scope>',
        `what it may do; may be given several times: ${TenantScope.options.join(', ')}`,
      )
        .argParser(collect)
        .makeOptionMandatory(),
    )
    .option('--days <count>', 'for how many days it is good, 366 at most (default: 90)', count)
    .addOption(new Option('--expires <time>', 'until when, such as 2026-12-31T00:00:00Z').conflicts('days'))
    .option('--from <network>', 'from where it may be used; may be given several times', collect)
    .action(
      action<Wanted>(open, async (session, [name], wanted) => {
        await create(session, { name, ...bodyOf(wanted) });
      }),
    );
}

const DAY_MS = 86_400_000;

function bodyOf({ scope, days = 90, expires, from }: Wanted): Record<string, unknown> {
  const unknown = (scope ?? []).filter((each) => !TenantScope.safeParse(each).success);
  if (unknown.length > 0) throw new UsageError(`there is no scope ${unknown.join(', ')}; --help lists all`);
  return {
    scopes: scope,
    expiresAt: expires ?? new Date(Date.now() + days * DAY_MS).toISOString(),
    ...(from === undefined ? {} : { addresses: from }),
  };
}

/** Whatever else the answer holds, and should it be none: its secret is given this once, and is shown before all. */
async function create(session: Session, body: Record<string, unknown>): Promise<void> {
  const answer = await session.client.send({ method: 'POST', path: '/v1/tokens', body });
  if (session.json) {
    session.terminal.json(answer);
    return;
  }
  const { secret } = understand(z.looseObject({ secret: z.string().nullish() }), answer);
  for (const line of sayOf(secret)) session.terminal.line(line);
  const { token } = understand(z.object({ token: Token }), answer);
  for (const line of listing(facts(token))) session.terminal.line(line);
}

function sayOf(secret: string | null | undefined): readonly string[] {
  if (typeof secret === 'string') return [`secret ${secret}`, 'This token is not shown again: keep it now.'];
  return [
    'The token was in an answer that got lost on the way, and is not given twice: revoke it, make another.',
  ];
}

function addReading(token: Command, open: OpenSession): void {
  token
    .command('list')
    .description('All tokens that may be seen with this one.')
    .action(
      action(open, async (session) => {
        const listed = await listAll(session, '/v1/tokens');
        present(session, listed, () => {
          const rows = listed.items.map((item) => row(understand(Token, item)));
          return table(['NAME', 'ID', 'ROLE', 'TENANT', 'STATUS', 'ENDS', 'LAST USED', 'SCOPES'], rows);
        });
      }),
    );
  token
    .command('show')
    .description('One token; never its text, which nobody has kept.')
    .argument('<token>', 'its id')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/tokens/${id}`);
        present(session, document, () => listing(facts(understand(Token, document))));
      }),
    );
}

function row(token: Token): string[] {
  const { name, id, role, tenant, status, expiresAt, lastUsedAt } = token;
  return [name, id, role, tenant, status, expiresAt ?? 'never', lastUsedAt ?? 'never', scopesOf(token)];
}

function scopesOf({ role, scopes }: Token): string {
  return role === 'administrator' ? 'all' : scopes.join(' ');
}

function facts(token: Token): [string, string][] {
  const { lastUsedAt, lastUsedFrom } = token;
  return [
    ['name', token.name],
    ['id', token.id],
    ['role', token.role],
    ['tenant', token.tenant],
    ['status', token.status],
    ['scopes', scopesOf(token)],
    ['addresses', token.addresses.join(' ') || 'any'],
    ['ends', token.expiresAt ?? 'never'],
    ['made by', token.madeBy ?? 'root'],
    ['made', token.createdAt],
    ['last used', lastUsedAt === null ? 'never' : `${lastUsedAt} from ${lastUsedFrom ?? 'unknown'}`],
  ];
}
