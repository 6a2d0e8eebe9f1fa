import type { DatabaseId, DomainId, PartId, ServerRequestId, TenantId } from '../../../contract/ids.ts';
import type { Fingerprint } from '../../../contract/certificates.ts';
import type { DomainName, PhpVersion } from '../../../contract/names.ts';
import type { StateDumpName } from '../../../contract/state-dumps.ts';

/**
 * Every path that the executor touches, derived from validated names alone. Each folder named here belongs to
 * root, up to `/`, and nobody else may change it.
 */
export const paths = {
  agentConfig: '/etc/sculptor/agent.json',
  limits: '/etc/sculptor/limits.json',
  mailSettings: '/etc/sculptor/mail/settings.json',
  noticeSettings: '/etc/sculptor/mail/notify.json',
  acmeSettings: '/etc/sculptor/acme/settings.json',
  /** What the firewall lets in, and its rules, as they hold from the next start on; beside them what is on trial. */
  firewallSettings: '/etc/sculptor/firewall/settings.json',
  firewallRules: '/etc/sculptor/firewall/rules.nft',
  firewallTrialSettings: '/etc/sculptor/firewall/trial.json',
  firewallTrial: '/etc/sculptor/firewall/trial.nft',
  /** What sites' programs are reached by, which both of them take in; and what the kernel has last read of it. */
  firewallPorts: '/etc/sculptor/firewall/ports.nft',
  firewallPortsRead: '/run/sculptor-executor/ports.nft',
  /** Whom certbot believes that it speaks with the authority, where root has said so. */
  acmeRoots: '/etc/sculptor/acme/ca.pem',
  /** What certbot is asked for a site, and its answer; see /usr/lib/sculptor/acme. */
  acmeAllWanted: '/etc/sculptor/acme/wanted',
  acmeWanted: (id: DomainId) => `/etc/sculptor/acme/wanted/${id}`,
  acmeFile: (id: DomainId, file: AcmeFile) => `/etc/sculptor/acme/wanted/${id}/${file}`,
  /** Certbot's own, its account at the authority among it; and where it puts what a name is tried with. */
  acmeOwn: '/var/lib/sculptor-acme/own',
  webroot: '/var/lib/sculptor-acme/webroot',
  passwd: '/etc/passwd',
  group: '/etc/group',
  shadow: '/etc/shadow',

  auditLog: '/var/lib/sculptor-root/audit.log',
  /** Lines for which no lock was to be had, until one is. */
  auditAside: '/var/lib/sculptor-root/audit/aside.log',
  auditTaken: '/var/lib/sculptor-root/audit/taken.log',
  /** How far the state's own audit reached when root saw it last; its folder changes with it, and no other. */
  audit: '/var/lib/sculptor-root/audit',
  auditHead: '/var/lib/sculptor-root/audit/head.json',
  /** How files of nginx were that are being changed; see unread.ts. */
  unread: (site: DomainId) => `/var/lib/sculptor-root/locks/unread-${site}.json`,
  registry: '/var/lib/sculptor-root/registry',
  registered: (id: DomainId) => `/var/lib/sculptor-root/registry/${id}.json`,
  databases: '/var/lib/sculptor-root/databases',
  registeredDatabase: (id: DatabaseId) => `/var/lib/sculptor-root/databases/${id}.json`,
  parts: '/var/lib/sculptor-root/parts',
  registeredParts: (site: DomainId) => `/var/lib/sculptor-root/parts/${site}`,
  registeredPart: (site: DomainId, id: PartId) => `/var/lib/sculptor-root/parts/${site}/${id}.json`,
  /** Public ports, by the program that holds each. */
  publicPorts: '/var/lib/sculptor-root/ports',
  publicPort: (part: PartId, port: number) => `/var/lib/sculptor-root/ports/${part}-${port}.json`,
  tenants: '/var/lib/sculptor-root/tenants',
  registeredTenant: (id: TenantId) => `/var/lib/sculptor-root/tenants/${id}.json`,
  /** How often a site was given to another tenant. */
  moves: '/var/lib/sculptor-root/moves',
  nextUid: '/var/lib/sculptor-root/next-uid',
  nextProject: '/var/lib/sculptor-root/next-project',
  /** What the files of a site took of the disk when they were measured last. */
  sizes: '/var/lib/sculptor-root/sizes',
  size: (id: DomainId) => `/var/lib/sculptor-root/sizes/${id}.json`,
  /** What the kernel is told of tenants' limits, and what it says; see /usr/lib/sculptor/disk-quota. */
  quotas: '/var/lib/sculptor-root/quotas',
  quotasWanted: '/var/lib/sculptor-root/quotas/wanted',
  quotasHeld: '/var/lib/sculptor-root/quotas/held',
  /** What was destroyed in the last hour. */
  destroyed: '/var/lib/sculptor-root/destroyed.json',
  /** And what was let in. */
  letIn: '/var/lib/sculptor-root/let-in.json',
  /** And what was repaired. */
  repaired: '/var/lib/sculptor-root/repaired.json',
  /** What authorities were asked for in the last week. */
  orders: '/var/lib/sculptor-root/orders.json',
  locks: '/var/lib/sculptor-root/locks',
  /** In a folder of root's that does not outlast the system. */
  claims: '/run/sculptor-executor/claims',
  /** Where the distribution's updates leave a mark; see /usr/lib/sculptor/update-hook. */
  updates: '/run/sculptor-updates',
  /** What /usr/lib/sculptor/replaced has found. */
  replaced: '/run/sculptor-updates/replaced',
  /** What /usr/lib/sculptor/pending-updates has found. */
  pendingUpdates: '/run/sculptor-updates/pending.json',
  /** How the last run went, and what dpkg wrote of it; see /usr/lib/sculptor/update-run. */
  updateRun: '/var/lib/sculptor-root/update-run',
  updateRunLog: '/var/lib/sculptor-root/update-run.log',
  /** What came of an upgrade that was asked for; see /usr/lib/sculptor/upgrade. */
  askedUpgrade: (id: ServerRequestId) => `/run/sculptor-updates/asked/${id}`,
  /** And how many were, in the last hour. */
  upgraded: '/var/lib/sculptor-root/upgraded.json',
  /** What was started anew for it. */
  renewed: '/run/sculptor-updates/renewed',
  /** Root's own word on the sites' caches, and the passwords of the two that look after them. */
  caches: '/var/lib/sculptor-root/cache/caches.json',
  cachePassword: (whose: 'executor' | 'keeper') => `/var/lib/sculptor-root/cache/${whose}` as const,
  /** Rendered from it, for Redis and its keeper; their folder is closed to all others. */
  cacheAccounts: '/etc/sculptor/cache/accounts.acl',
  cacheMemory: '/etc/sculptor/cache/memory.conf',
  cacheShares: '/etc/sculptor/cache/shares.json',
  dumps: '/var/lib/sculptor-root/trash/databases',
  dump: (id: DatabaseId, stamp: string) => `/var/lib/sculptor-root/trash/databases/${id}-${stamp}.sql.gz`,

  /** The agent's own state as it was, each in a folder of its own, and when it was tried to dump it. */
  stateDumps: '/var/lib/sculptor-root/state-dumps',
  stateDump: (name: StateDumpName) => `/var/lib/sculptor-root/state-dumps/${name}`,
  stateDumpDraft: '/var/lib/sculptor-root/state-dumps/.draft',
  stateDumpsTried: '/var/lib/sculptor-root/state-dumps/tried.json',
  /** That one is being put back, and how far that went. */
  stateRestore: '/var/lib/sculptor-root/state-restore.json',
  /** Of the code that runs. */
  manifest: '/usr/lib/sculptor/app/package.json',
  stateSql: '/usr/lib/sculptor/app/state',

  mailFolders: '/var/lib/sculptor-mail/sites',
  mailDoor: '/var/lib/sculptor-mail/sites/agent/socket',
  mailFolder: (id: DomainId) => `/var/lib/sculptor-mail/sites/${id}`,
  mailSpool: '/var/lib/sculptor-mail/spool',

  sites: '/etc/sculptor/sites',
  site: (id: DomainId) => `/etc/sculptor/sites/${id}`,
  siteFile: (id: DomainId, file: SiteFile) => `/etc/sculptor/sites/${id}/${file}`,
  /** What the API seals private keys for, and root alone opens. */
  sealKey: '/etc/sculptor/seal.key',
  certificates: '/etc/sculptor/certificates',
  certificate: (id: DomainId) => `/etc/sculptor/certificates/${id}`,
  certificateFacts: (id: DomainId) => `/etc/sculptor/certificates/${id}/facts.json`,
  certificateOf: (id: DomainId, it: Fingerprint) => `/etc/sculptor/certificates/${id}/${it}`,
  certificateChain: (id: DomainId, it: Fingerprint) => `/etc/sculptor/certificates/${id}/${it}/chain.pem`,
  certificateKey: (id: DomainId, it: Fingerprint) => `/etc/sculptor/certificates/${id}/${it}/key.pem`,
  hosts: '/etc/sculptor/hosts',
  host: (name: DomainName) => `/etc/sculptor/hosts/${name}`,
  /** One for each user, as sshd looks for it. */
  keys: '/etc/sculptor/keys',
  authorizedKeys: (user: string) => `/etc/sculptor/keys/${user}`,
  sshdPart: '/etc/ssh/sshd_config.d/00-sculptor.conf',
  serverBlocks: '/etc/nginx/sculptor/sites',
  serverBlock: (id: DomainId) => `/etc/nginx/sculptor/sites/${id}.conf`,
  /** Who may visit the site; nginx's workers read it, by the group that what is made in the folder has. */
  visitors: '/etc/nginx/sculptor/visitors',
  /** Root's own lines for a site's server block, and what nginx reads of them: the last that it took. */
  snippets: (name: DomainName) => `/etc/sculptor/snippets/${name}`,
  snippetCopies: '/etc/nginx/sculptor/snippets',
  /** Written by systemd when the property of a site's slice is set. */
  sliceProperty: (id: DomainId, property: string) =>
    `/etc/systemd/system.control/sculptor-${id}.slice.d/50-${property}.conf`,
  wantedServices: '/etc/systemd/system/multi-user.target.wants',
  wantedSockets: '/etc/systemd/system/sockets.target.wants',
  supervisorPrograms: '/etc/supervisor/conf.d',
  /** Made by root; the second where Supervisor makes it, because /run may be empty when it starts. */
  unitSocket: (id: DomainId) => `/run/sculptor-php/${id}.sock`,
  supervisedSocket: (id: DomainId) => `/var/lib/sculptor-php/${id}.sock`,
  /** The same for what hands visitors to a site's own program. */
  relaySocket: (id: DomainId) => `/run/sculptor-relay/${id}.sock`,
  supervisedRelaySocket: (id: DomainId) => `/var/lib/sculptor-relay/${id}.sock`,
  phpMaster: (version: PhpVersion) => `/usr/sbin/php-fpm${version}` as const,
  phpMasters: '/usr/sbin',
  phpProgram: (version: PhpVersion) => `/usr/bin/php${version}` as const,

  /** What a program of a site is, word by word; see /usr/lib/sculptor/launch. */
  programs: '/etc/sculptor/programs',
  program: (part: PartId) => `/etc/sculptor/programs/${part}`,
  /** What Supervisor is told of it: ids and numbers. The second where Supervisor is the server's own. */
  supervisedPrograms: '/etc/sculptor/supervised',
  supervised: (part: PartId) => `/etc/sculptor/supervised/sculptor-part-${part}.conf`,
  supervisedByServers: (part: PartId) => `/etc/supervisor/conf.d/sculptor-part-${part}.conf`,
  /** What programs have said. */
  outputs: '/var/log/sculptor/programs',
  output: (part: PartId) => `/var/log/sculptor/programs/${part}`,
  /** What programs that end are bounded by, and how they went; see /usr/lib/sculptor/launch-once. */
  onces: '/var/lib/sculptor-root/once',
  once: (part: PartId) => `/var/lib/sculptor-root/once/${part}`,
  onceFile: (part: PartId, name: string) => `/var/lib/sculptor-root/once/${part}/${name}`,
  /** cron passes over names with a dot in them, the drafts among them. */
  cronTables: '/etc/cron.d',
  cronTable: (part: PartId) => `/etc/cron.d/sculptor-${part}`,

  homes: '/home/www',
  home: (name: DomainName) => `/home/www/${name}`,
  trash: '/home/www/.trash',
  inTrash: (folder: string) => `/home/www/.trash/${folder}`,
  trashed: (id: DomainId, stamp: string) => `/home/www/.trash/${id}-${stamp}`,
} as const;

export type AcmeFile = 'names' | 'certbot.ini' | 'request.pem' | 'answer';

/** What lies in `/etc/sculptor/sites/<id>`. The markers are empty; that they are there is what they say. */
export type SiteFile =
  | 'home'
  | 'php'
  | 'app'
  | 'php-fpm'
  | 'fpm.conf'
  | 'fpm.conf.new'
  | 'bin'
  | 'bin/php'
  | 'site'
  | 'tls'
  | Marker;

/** Read by nginx for every request; see the parts in /etc/nginx/sculptor. */
export type Marker =
  'live' | 'type-php' | 'type-app' | 'type-redirect' | 'disabled' | 'suspended' | 'https-only';

export function visitorsFile(id: string): string {
  return `${paths.visitors}/${id}`;
}

export function snippetCopy(id: string, name: string): string {
  return `${paths.snippetCopies}/${id}-${name}`;
}

/** When something was thrown away, in a form that sorts and that a file may be called by. */
export function stampOf(now: Date): string {
  return now.toISOString().replace(/[-:.]/g, '').replace('T', '-').replace('Z', '');
}
