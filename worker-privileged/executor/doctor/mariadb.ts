import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { wrong, warning, type Check, type Found } from './finding.ts';
import { compareGrants, grantsIn } from './grants.ts';
import { routines } from './mariadb-routines.ts';
import { managed } from './mariadb-managed.ts';
import type { Server } from './server.ts';

const SQL = '/usr/lib/sculptor/app/state';
const DOOR = 'sculptor_door';
/** MariaDB's own, which nobody logs in as over the network. */
const SYSTEM = ['root', 'mysql', 'mariadb.sys', 'debian-sys-maint'];

const Account = z.object({
  user: z.string(),
  host: z.string(),
  managed: z.coerce.boolean(),
  priv: z.object({
    access: z.number().default(0),
    plugin: z.string().default(''),
    authentication_string: z.string().default(''),
    account_locked: z.boolean().default(false),
    is_role: z.boolean().default(false),
  }),
});
export type Account = z.infer<typeof Account>;

const ACCOUNTS = `SELECT JSON_OBJECT('user', g.user, 'host', g.host, 'priv', JSON_COMPACT(g.priv),
  'managed', EXISTS (SELECT 1 FROM sculptor_door.managed_user u WHERE u.dropped_at IS NULL AND u.name = g.user))
  FROM mysql.global_priv g;`;

/** Who may log in to MariaDB, how, and what each may. */
export const mariadb: Check = async (server) => {
  const all = (await server.sql(ACCOUNTS)).map((line) => Account.parse(JSON.parse(line)));
  const texts = await Promise.all(
    ['accounts.sql', 'dialects/mariadb.sql', 'procedures.sql', 'procedures-root.sql'].map((file) =>
      readFile(`${SQL}/${file}`, 'utf8'),
    ),
  );
  const wanted = grantsIn(texts.join('\n'));
  const own = [...wanted.keys()];
  return [
    ...(await setUp(server)),
    ...all.flatMap((account) => login(account, own)),
    ...own
      .filter((name) => !all.some((each) => nameOf(each) === name))
      .map((name) => wrong(`MariaDB has no account ${name}.`)),
    ...(await grants(server, {
      wanted,
      there: own.filter((name) => all.some((each) => nameOf(each) === name)),
    })),
    ...(await routines(server, texts.join('\n'))),
    ...(await managed(server)),
  ];
};

const SETTINGS = `SELECT JSON_OBJECT('address', @@bind_address, 'closed', IF(@@skip_networking, 1, 0),
  'log', IF(@@general_log, 1, 0), 'links', @@have_symlink, 'connections', @@max_connections,
  'kept', (SELECT value FROM sculptor_door.setting WHERE name = 'connections_kept'),
  'squeezed', (SELECT COUNT(*) FROM sculptor_door.managed_user WHERE squeezed_at IS NOT NULL AND dropped_at IS NULL));`;
const Settings = z.object({
  address: z.string().nullable(),
  closed: z.number(),
  log: z.number(),
  links: z.string(),
  connections: z.number(),
  kept: z.number(),
  squeezed: z.number(),
});

/** What MariaDB runs with: from this server alone, and each tenant's tables where they belong. */
async function setUp({ sql }: Server): Promise<readonly Found[]> {
  const [line = ''] = await sql(SETTINGS);
  return settings(Settings.parse(JSON.parse(line)));
}

export function settings(set: z.infer<typeof Settings>): readonly Found[] {
  const { address, closed, log, links } = set;
  const found: Found[] = [...connections(set)];
  if (closed === 0 && !['127.0.0.1', '::1', 'localhost'].includes(address ?? ''))
    found.push(
      wrong(
        `MariaDB listens on ${address ?? 'every address'} and should on 127.0.0.1 alone.`,
        'Say bind-address = 127.0.0.1 in /etc/mysql/mariadb.conf.d, then systemctl restart mariadb.',
      ),
    );
  if (links === 'YES') found.push(wrong('MariaDB lets a tenant put tables into folders of others.'));
  if (log !== 0)
    found.push(warning('MariaDB logs every statement.', 'Run mariadb -e "SET GLOBAL general_log = OFF".'));
  return found;
}

/** The last of them are the agent's; tenants have to live with the rest. */
function connections({ connections: most, kept, squeezed }: z.infer<typeof Settings>): readonly Found[] {
  const raise =
    'Say max_connections in /etc/mysql/mariadb.conf.d, as many as its memory allows, and restart it.';
  const found: Found[] = [];
  if (most < 2 * kept)
    found.push(warning(`MariaDB takes ${most} connections, of which the agent needs up to ${kept}.`, raise));
  if (squeezed > 0)
    found.push(
      warning(
        `Of MariaDB's ${most} connections tenants took all but the agent's: ${squeezed} accounts have fewer.`,
        raise,
      ),
    );
  return found;
}

function nameOf({ user, host }: Pick<Account, 'user' | 'host'>): string {
  return `${user}@${host}`;
}

export function login(account: Account, own: readonly string[]): readonly Found[] {
  const { user, host, managed: isManaged, priv } = account;
  const name = nameOf(account);
  const drop = `Run mariadb -e "DROP USER '${user}'@'${host}'".`;
  if (user === '')
    return [wrong(`MariaDB has an account without a name, ${name}: whoever asks is let in.`, drop)];
  const found: Found[] = [];
  if (!priv.is_role && !['localhost', '127.0.0.1', '::1'].includes(host))
    found.push(
      wrong(`MariaDB's account ${name} may come from ${host}, and should from localhost alone.`, drop),
    );
  if (withoutProof(priv)) found.push(wrong(`MariaDB's account ${name} needs no password.`, drop));
  if (own.includes(name)) found.push(...ownLogin(name, priv));
  else if (!SYSTEM.includes(user) && priv.access !== 0)
    found.push(wrong(`MariaDB's account ${name} has rights over every database.`, drop));
  else if (!SYSTEM.includes(user) && !isManaged && found.length === 0)
    found.push(warning(`MariaDB's account ${name} is not of the agent's making.`, drop));
  return found;
}

function withoutProof({
  plugin,
  authentication_string: hash,
  account_locked: locked,
  is_role: isRole,
}: Account['priv']): boolean {
  return (
    !locked && !isRole && ['', 'mysql_native_password', 'mysql_old_password'].includes(plugin) && hash === ''
  );
}

/** Known by the operating system's user that it is; the door's account is nobody's at all. */
function ownLogin(name: string, { plugin, account_locked: locked }: Account['priv']): readonly Found[] {
  if (name === `${DOOR}@localhost`)
    return locked ? [] : [wrong(`MariaDB's account ${name} is not locked: it could be logged in as.`)];
  return plugin === 'unix_socket'
    ? []
    : [
        wrong(
          `MariaDB's account ${name} logs in by ${plugin === '' ? 'nothing' : plugin} and should by unix_socket.`,
        ),
      ];
}

type Compared = { readonly wanted: ReturnType<typeof grantsIn>; readonly there: readonly string[] };

async function grants({ sql }: Server, { wanted, there }: Compared): Promise<readonly Found[]> {
  const shown = await sql(there.map((name) => `SHOW GRANTS FOR '${name.replace('@', "'@'")}';`).join('\n'));
  return compareGrants(wanted, grantsIn(shown.join('\n'))).flatMap(({ account, more, less }) => [
    ...more.map((each) => wrong(`MariaDB lets ${account} ${each}, and should not.`)),
    ...less.map((each) => wrong(`MariaDB does not let ${account} ${each}, and should.`)),
  ]);
}
