import type { Cap } from './caps.ts';
import type { Command } from './command.ts';
import { paths } from './paths.ts';
import { FIRST_PROJECT } from './tenants.ts';
import type { System } from './system.ts';

/**
 * The same server for verbs that are planned: what looks is there, and nothing else. Whatever a verb does outside of its
 * steps, it changes nothing. A method that is not named here is refused.
 */
export function lookingOnly(system: System): System {
  const { accounts, certificates, mariadb, once, tenants } = system;
  return {
    ...system,
    accounts: {
      ...only(accounts, 'find', 'findGroup', 'groupsOf', 'isTaken', 'isLocked', 'hasProcesses'),
      // Looked at as the site, in its own folder.
      runAs: (account, command) => (isLook(command) ? accounts.runAs(account, command) : refuse()),
    },
    acme: only(system.acme, 'isAsked'),
    auditLines: only(system.auditLines, 'after'),
    auditLog: only(system.auditLog),
    auditSeals: only(system.auditSeals),
    caches: only(system.caches, 'read', 'look', 'usages'),
    // What is not done is not counted.
    caps: { destroy: uncounted, letIn: uncounted, repair: uncounted, upgrade: uncounted, ban: uncounted },
    certificates: only(certificates, 'read', 'lookWhole', 'served', 'former', 'list', 'isKnown', 'unseal'),
    databases: only(system.databases, 'read', 'list'),
    dropIns: only(system.dropIns, 'list'),
    erase: refuse,
    fail2ban: only(system.fail2ban),
    files: only(system.files, 'read', 'readLink', 'stray', 'isClosed'),
    folders: only(system.folders, 'look', 'list'),
    mariadb: only(mariadb, 'find', 'shape', 'accounts', 'grants', 'ofTenant', 'octetsOf', 'readTenant'),
    masters: only(system.masters, 'socketOf', 'lookOn', 'lookOff', 'readShare'),
    locks: locksThatAre(system),
    nginx: only(system.nginx, 'isUnread'),
    once: only(once, 'readBounds', 'hasBegun', 'isRunning', 'isLeft', 'started', 'last', 'isKnown'),
    parts: only(system.parts, 'read', 'list', 'isEmpty'),
    phpFpm: only(system.phpFpm, 'versions'),
    programs: only(system.programs, 'lookOn', 'lookOff', 'processes'),
    outputs: only(system.outputs, 'stamp', 'read', 'lookAny'),
    publicPorts: only(system.publicPorts, 'list', 'of', 'look', 'bound'),
    quotas: only(system.quotas, 'inForce', 'read', 'look'),
    registry: only(system.registry, 'read', 'list', 'standingOf', 'keptOf'),
    relays: only(system.relays, 'socketOf', 'lookOn', 'lookOff'),
    services: only(system.services, 'look'),
    sizes: only(system.sizes, 'read', 'measure'),
    spared: only(system.spared),
    ssh: only(system.ssh),
    // Any that is none: it is shown to nobody.
    tenants: { ...only(tenants, 'read', 'list'), nextProject: () => Promise.resolve(FIRST_PROJECT) },
    replaced: only(system.replaced),
    updateLog: only(system.updateLog),
    updates: only(system.updates),
    upgrades: only(system.upgrades),
    vitalSigns: only(system.vitalSigns, 'look', 'certificateEnds'),
  };
}

const uncounted: Cap = (_key, act) => act();

/** What was never worked on is nobody's now either: no lock of it is left behind. */
function locksThatAre({ files, locks }: Pick<System, 'files' | 'locks'>): System['locks'] {
  return {
    during: async (name, act, waitSeconds) =>
      (await files.read(`${paths.locks}/${name}`)) === null ? act() : locks.during(name, act, waitSeconds),
  };
}

function isLook({ file, args }: Pick<Command, 'file' | 'args'>): boolean {
  return (
    file === '/usr/bin/test' || (file === '/usr/bin/find' && args.slice(-2).join(' ') === '-print -quit')
  );
}

function only<T extends object>(tool: T, ...looks: readonly (keyof T & string)[]): T {
  const names: readonly string[] = looks;
  const methods = Object.entries(tool).map(([name, method]: [string, unknown]) => [
    name,
    names.includes(name) ? method : refuse,
  ]);
  return Object.fromEntries(methods) as T;
}

/** A fault of ours: nobody who asks for a plan can bring it about, and nothing has been changed. */
export class WouldChangeError extends Error {
  constructor() {
    super('a plan would have changed the server');
    this.name = 'WouldChangeError';
  }
}

function refuse(): Promise<never> {
  return Promise.reject(new WouldChangeError());
}
