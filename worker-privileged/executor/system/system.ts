import { hostname, totalmem } from 'node:os';
import { createAccounts, type Accounts } from './accounts.ts';
import { createAcme, type Acme } from './acme.ts';
import { createAuditLines, type AuditLines } from './audit-lines.ts';
import { createAuditLog, type AuditLog } from './audit-log.ts';
import { createAuditSeals, type AuditSeals } from './audit-seals.ts';
import { createCachePrograms, createCacheUnit } from './cache-service.ts';
import { createCaches, type Caches } from './caches.ts';
import { createCaps, type Caps } from './caps.ts';
import { createCertificates, type Certificates } from './certificates.ts';
import { createCommands } from './command.ts';
import { tenantsServer, type ExecutorConfig } from './config.ts';
import { createDatabaseRegister, type DatabaseRegister } from './database-register.ts';
import { createDropIns, type DropIns } from './drop-ins.ts';
import { createErase, type Erase } from './erase.ts';
import { createFail2ban, type Fail2ban } from './fail2ban.ts';
import { createFiles, type Files } from './files.ts';
import { createFolders, type Folders } from './folders.ts';
import { readLimits, type Limits } from './limits.ts';
import { createLocks, type Locks } from './locks.ts';
import { createLookAround } from './look-around.ts';
import { createMariadb, type Mariadb } from './mariadb.ts';
import type { Masters } from './masters.ts';
import { createNginx, type Nginx } from './nginx.ts';
import { createUnread } from './unread.ts';
import { hasNode } from './node.ts';
import { createOnce, type Once } from './once.ts';
import { createPartRegister, type PartRegister } from './part-register.ts';
import { createPhpFpm, type PhpFpm } from './php-fpm.ts';
import { createOrders } from './orders.ts';
import { createOutputs, type Outputs } from './outputs.ts';
import { createPrograms, type Programs } from './programs.ts';
import { createPublicPorts, type PublicPorts } from './public-ports.ts';
import { createQuotas, type Quotas } from './quotas.ts';
import { createRegistry, type Registry } from './registry.ts';
import { createReplaced, type Replaced } from './replaced.ts';
import { createUnitRelays, type Relays } from './relays.ts';
import { createRootSql } from './root-sql.ts';
import { connectRedis } from './resp.ts';
import { createServices, type Services } from './services.ts';
import { createSizes, type Sizes } from './sizes.ts';
import { createSnippets, type Snippets } from './snippets.ts';
import { createSpared, type Spared } from './spared.ts';
import { createSsh, type Ssh } from './ssh.ts';
import { createStateDumps, type StateDumps } from './state-dumps.ts';
import { createSupervisedRelays } from './supervised-relays.ts';
import { createSupervisorMasters } from './supervisor.ts';
import { createTenantRegister, type TenantRegister } from './tenants.ts';
import { createUnitMasters } from './units.ts';
import { createUpdateLog, type UpdateLog } from './update-log.ts';
import { createUpdates, type Updates } from './updates.ts';
import { createUpgrades, type Upgrades } from './upgrades.ts';
import { createVitalSigns, type VitalSigns } from './vital-signs.ts';
import { createXmlRpc } from './xml-rpc.ts';

/** All that a verb can reach. Verbs see it by these types only. */
export type System = {
  readonly accounts: Accounts;
  readonly acme: Acme;
  readonly auditLines: AuditLines;
  readonly auditLog: AuditLog;
  readonly auditSeals: AuditSeals;
  readonly caches: Caches;
  readonly caps: Caps;
  readonly certificates: Certificates;
  readonly databases: DatabaseRegister;
  readonly dropIns: DropIns;
  readonly erase: Erase;
  readonly fail2ban: Fail2ban;
  readonly files: Files;
  readonly folders: Folders;
  /** Whether a site's programs find a Node.js. */
  readonly hasNode: () => Promise<boolean>;
  readonly limits: () => Promise<Limits>;
  readonly locks: Locks;
  readonly mariadb: Mariadb;
  readonly masters: Masters;
  readonly nginx: Nginx;
  readonly once: Once;
  readonly parts: PartRegister;
  readonly phpFpm: PhpFpm;
  readonly programs: Programs;
  readonly outputs: Outputs;
  /** Whether systemd is PID 1, or Supervisor stands in for it. */
  readonly mode: ExecutorConfig['mode'];
  readonly publicPorts: PublicPorts;
  readonly quotas: Quotas;
  readonly registry: Registry;
  readonly relays: Relays;
  readonly replaced: Replaced;
  readonly services: Services;
  readonly sizes: Sizes;
  readonly snippets: Snippets;
  readonly spared: Spared;
  readonly ssh: Ssh;
  readonly stateDumps: StateDumps;
  readonly tenants: TenantRegister;
  readonly updateLog: UpdateLog;
  readonly updates: Updates;
  readonly upgrades: Upgrades;
  readonly vitalSigns: VitalSigns;
  readonly now: () => Date;
  readonly hostname: () => string;
  /** Of memory, that the server has. */
  readonly serverBytes: number;
  /** The agent's own name, which no site may have. */
  readonly serverName: string;
};

const SUPERVISOR_SOCKET = '/run/supervisor.sock';
/** That of the sites' programs alone, which is not the distribution's. */
const SITES_SUPERVISOR_SOCKET = '/run/sculptor-supervisor/supervisor.sock';

/** Less than the executor gives to the verb. */
const SEALS_MS = 50_000;

export function createSystem(config: ExecutorConfig): System {
  const { mode, serverName } = config;
  const commands = createCommands();
  const files = createFiles();
  const folders = createFolders();
  const locks = createLocks(commands);
  const accounts = createAccounts({ files, commands });
  const limits = () => readLimits(files);
  const now = () => new Date();
  const around = createLookAround({ commands, files });
  const fail2ban = createFail2ban({ commands, around, mode });
  const supervisor = createXmlRpc(SUPERVISOR_SOCKET);
  const service =
    mode === 'systemd'
      ? createCacheUnit({ commands, files })
      : createCachePrograms({ files, call: supervisor });
  return {
    accounts,
    acme: createAcme({
      ...{ accounts, commands, files, folders, mode },
      orders: createOrders({ files, locks, limits, now }),
    }),
    auditLines: createAuditLines(),
    auditLog: createAuditLog({ files, locks, now }),
    auditSeals: createAuditSeals(
      createRootSql({ commands, socketPath: config.mariadbSocket, timeoutMs: SEALS_MS }),
    ),
    caches: createCaches({ files, locks, limits, service, connect: connectRedis }),
    caps: createCaps({ files, locks, limits, now }),
    certificates: createCertificates({ files, folders, accounts }),
    databases: createDatabaseRegister({ files, folders }),
    dropIns: createDropIns({ commands, folders, mode }),
    erase: createErase({ commands }),
    fail2ban,
    files,
    folders,
    hasNode,
    limits,
    locks,
    mariadb: createMariadb({ commands, ...tenantsServer(config) }),
    masters:
      mode === 'systemd'
        ? createUnitMasters({ commands, files })
        : createSupervisorMasters({ files, call: supervisor }),
    mode,
    nginx: createNginx({ commands, files, locks, unread: createUnread({ files, folders }) }),
    once: createOnce({ commands, files, folders, mode }),
    parts: createPartRegister({ files, folders }),
    phpFpm: createPhpFpm({ accounts }),
    programs: createPrograms({
      ...{ files, folders, commands, mode },
      call: createXmlRpc(mode === 'systemd' ? SITES_SUPERVISOR_SOCKET : SUPERVISOR_SOCKET),
    }),
    outputs: createOutputs({ folders }),
    publicPorts: createPublicPorts({ commands, files, folders }),
    quotas: createQuotas({ commands, files, locks, mode }),
    registry: createRegistry({ files, folders, locks }),
    relays:
      mode === 'systemd'
        ? createUnitRelays({ commands, files })
        : createSupervisedRelays({ accounts, files, call: supervisor }),
    replaced: createReplaced({ commands, files, mode }),
    services: createServices({ commands, mode, call: supervisor }),
    sizes: createSizes({ commands, files }),
    snippets: createSnippets({ files, folders }),
    spared: createSpared({ files, fail2ban, around }),
    ssh: createSsh({ files, commands }),
    stateDumps: createStateDumps({
      ...{ commands, files, folders, locks, now },
      sql: createRootSql({ commands, socketPath: config.mariadbSocket }),
      socketPath: config.mariadbSocket,
      withDoor: config.mysqlSocket === null,
      rule: {
        daily: config.stateDumpsDaily,
        weekly: config.stateDumpsWeekly,
        monthly: config.stateDumpsMonthly,
      },
    }),
    tenants: createTenantRegister({ files, folders, locks }),
    updateLog: createUpdateLog(),
    updates: createUpdates(),
    upgrades: createUpgrades({ commands, files, mode }),
    vitalSigns: createVitalSigns(),
    now,
    hostname,
    serverBytes: totalmem(),
    serverName,
  };
}
