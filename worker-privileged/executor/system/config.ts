import { z } from 'zod';
import type { DatabaseServer } from '../../../contract/databases.ts';
import { StateDumpsKept } from '../../../contract/state-dumps.ts';
import type { Files } from './files.ts';
import { paths } from './paths.ts';

const path = z.templateLiteral(['/', z.string().regex(/^[A-Za-z0-9._/-]{1,100}$/)]);

/** What the executor needs of `/etc/sculptor/agent.json`; the rest is for the others who read it. */
export const ExecutorConfig = z.object({
  mode: z.enum(['systemd', 'supervisor']),
  serverName: z.string().max(253),
  mariadbSocket: path,
  mysqlSocket: path.nullable().default(null),
  /** MySQL's own, which knows its columns: MariaDB's writes values for those that MySQL works out itself. */
  mysqlDump: path.default('/usr/bin/mysqldump'),
  ...StateDumpsKept.shape,
});
export type ExecutorConfig = z.infer<typeof ExecutorConfig>;

export async function readConfig(files: Pick<Files, 'read'>): Promise<ExecutorConfig> {
  const text = await files.read(paths.agentConfig);
  if (text === null) throw new Error(`${paths.agentConfig} is not there: install the agent first`);
  return ExecutorConfig.parse(JSON.parse(text));
}

export type TenantsServer = {
  readonly server: DatabaseServer;
  readonly socketPath: string;
  readonly dumper: { readonly file: `/${string}`; readonly args: readonly string[] };
};

/** Tenants' databases are on a MySQL where root has named one, and else where the state is. */
export function tenantsServer({ mariadbSocket, mysqlSocket, mysqlDump }: ExecutorConfig): TenantsServer {
  if (mysqlSocket === null)
    return {
      server: 'mariadb',
      socketPath: mariadbSocket,
      dumper: { file: '/usr/bin/mariadb-dump', args: [] },
    };
  // What these leave out is of the server, and not shown to a tenant's account; not every version knows the last.
  const args = ['--no-tablespaces', '--set-gtid-purged=OFF', '--loose-skip-masking-policies'];
  return { server: 'mysql', socketPath: mysqlSocket, dumper: { file: mysqlDump, args } };
}
