import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ServerId } from '../contract/ids.ts';
import { SealKey } from '../contract/sealing.ts';
import { AddressRange } from '../contract/tokens.ts';
import { StateDumpsKept } from '../contract/state-dumps.ts';

export const CONFIG_PATH = '/etc/sculptor/agent.json';

const socketPath = z
  .string()
  .regex(/^\/[A-Za-z0-9._/-]+$/)
  .max(107);

const most = z.int().min(1).max(1_000_000);

/** What the installer wrote down about this server. It holds no secret and everybody may read it. */
export const Config = z.strictObject({
  server: ServerId,
  serverName: z
    .string()
    .regex(/^[a-z0-9.-]+$/)
    .max(253),
  mode: z.enum(['systemd', 'supervisor']),
  apiSocket: socketPath,
  apiPort: z.int().min(1).max(65_535).nullable(),
  redisSocket: socketPath,
  mariadbSocket: socketPath,
  /** Of the MySQL that tenants' databases are on; null where they are on the MariaDB beside the state. */
  mysqlSocket: socketPath.nullable().default(null),
  /** Its mysqldump, for the executor. */
  mysqlDump: socketPath.default('/usr/bin/mysqldump'),
  executor: z.enum(['socket', 'sudo']),
  executorSocket: socketPath,
  probeSocket: socketPath,
  /** What private keys are sealed for, so that root alone reads them; null where an earlier version was installed. */
  sealKey: SealKey.nullable().default(null),
  /** What is done with what was changed by hand: it is told, or told and made as it was. */
  drift: z.enum(['report', 'repair']).default('report'),
  /** From where the panel comes, with blanks between them: whom nobody bans. */
  panelAddresses: z
    .string()
    .regex(/^[0-9a-fA-F.:/ ]*$/)
    .max(2000)
    .default(''),
  /** Private networks that webhooks may lead to all the same, without TLS too, with blanks between them. */
  webhookNetworks: z
    .string()
    .max(2000)
    .refine(
      (text) => text.split(' ').every((word) => word === '' || AddressRange.safeParse(word).success),
      'networks such as 10.1.0.0/16 with blanks between them',
    )
    .default(''),
  // Of one token, and from one address, in a minute. Failed logins are counted among the requests too.
  requestsPerToken: most.default(6000),
  requestsPerAddress: most.default(12_000),
  failedLoginsPerAddress: most.default(30),
  // Operations that wait, of all tenants and of each: what is asked for beyond that is refused for now.
  waitingOperations: most.default(10_000),
  waitingOperationsPerTenant: most.default(1000),
  // How many dumps of the state root keeps.
  ...StateDumpsKept.shape,
});
export type Config = z.infer<typeof Config>;

/** Reads the file and throws a sentence that names each field at fault. */
export async function loadConfig(path: string = CONFIG_PATH): Promise<Config> {
  const parsed = Config.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${path} cannot be used: ${faults.join('; ')}`);
}
