import { dirname } from 'node:path';
import type { DatabaseId, DomainId, PartId, TenantId } from '../../contract/ids.ts';
import type { PhpVersion } from '../../contract/names.ts';
import type { Undo } from '../../worker-privileged/executor/ensure.ts';
import type { Account, Accounts } from '../../worker-privileged/executor/system/accounts.ts';
import type { CacheEntry } from '../../worker-privileged/executor/system/cache-files.ts';
import { createCaps } from '../../worker-privileged/executor/system/caps.ts';
import { createCertificates } from '../../worker-privileged/executor/system/certificates.ts';
import { createDatabaseRegister } from '../../worker-privileged/executor/system/database-register.ts';
import type { Files } from '../../worker-privileged/executor/system/files.ts';
import type { Folder, Folders } from '../../worker-privileged/executor/system/folders.ts';
import { readLimits } from '../../worker-privileged/executor/system/limits.ts';
import type { DoorLimits } from '../../worker-privileged/executor/system/mariadb.ts';
import type { Share } from '../../worker-privileged/executor/render/bounds.ts';
import type { Masters } from '../../worker-privileged/executor/system/masters.ts';
import { createPartRegister } from '../../worker-privileged/executor/system/part-register.ts';
import { paths } from '../../worker-privileged/executor/system/paths.ts';
import type { BoundPort } from '../../worker-privileged/executor/system/bound-ports.ts';
import { createPublicPorts } from '../../worker-privileged/executor/system/public-ports.ts';
import type { Relays } from '../../worker-privileged/executor/system/relays.ts';
import type { Program, Programs } from '../../worker-privileged/executor/system/programs.ts';
import { createRegistry } from '../../worker-privileged/executor/system/registry.ts';
import { createStateDumps } from '../../worker-privileged/executor/system/state-dumps.ts';
import { createTenantRegister } from '../../worker-privileged/executor/system/tenants.ts';
import { createSizes } from '../../worker-privileged/executor/system/sizes.ts';
import type { System } from '../../worker-privileged/executor/system/system.ts';
import { fakeAcme, type FakeAuthority } from './acme.ts';
import { fakeCaches } from './caches.ts';
import { fakeOnce } from './once.ts';
import { fakeQuotas } from './quotas.ts';
import { fakeMariadb, type FakeDatabase } from './mariadb.ts';

type Node =
  | { readonly kind: 'file'; readonly text: string; readonly mode: number }
  | { readonly kind: 'link'; readonly target: string }
  | ({ readonly kind: 'folder' } & Folder);

/** A server in memory: what is on its disk, who its users are, which php-fpm masters are on. */
export type FakeServer = {
  readonly disk: Map<string, Node>;
  readonly users: Map<string, Account & { readonly locked: boolean }>;
  readonly groups: Map<string, number>;
  /** By user, those that it is in beside its own. */
  readonly inGroups: Map<string, Set<string>>;
  readonly mastersOn: Set<string>;
  readonly relaysOn: Set<string>;
  /** What the plans let sites take, where they name it. */
  readonly shares: Map<string, Share>;
  readonly caches: Map<DomainId, CacheEntry>;
  /** What Supervisor keeps of sites' programs. */
  readonly programs: Map<PartId, Program>;
  readonly databases: Map<DatabaseId, FakeDatabase>;
  /** What the door goes by for each tenant. */
  readonly doorTenants: Map<TenantId, DoorLimits>;
  /** What was done to masters, nginx and processes, in order. */
  readonly doings: string[];
  phpVersions: PhpVersion[];
  node: boolean;
  /** What listens on the server. */
  bound: readonly BoundPort[];
  now: string;
  /** Whether the kernel of this server holds limits of projects. */
  quotasInForce: boolean;
  /** What each folder takes, and what it is counted for; what the kernel holds. */
  readonly taken: Map<string, number>;
  readonly projects: Map<string, number>;
  readonly held: Map<number, number>;
  /** What the certificate authority says to a site; null where root has set none. */
  authority: FakeAuthority | null;
  /** What happens on the server meanwhile. */
  whileItThinks?: () => Promise<unknown>;
  /** What is begun from now on ends without a word. */
  breaksOff?: boolean;
  /** What runs outlives what started it. */
  leaves?: boolean;
};

export function createFakeServer(): FakeServer {
  const root: Node = { kind: 'folder', uid: 0, gid: 0, mode: 0o755 };
  const folders = [
    '/etc/sculptor',
    '/etc/sculptor/sites',
    '/etc/sculptor/hosts',
    '/home/www',
    '/home/www/.trash',
    '/etc/sculptor/mail',
    '/etc/sculptor/acme',
    '/etc/sculptor/firewall',
    '/run/sculptor-executor',
    paths.mailFolders,
    paths.mailSpool,
    '/etc/sculptor/keys',
    paths.cronTables,
    paths.programs,
    paths.snippetCopies,
    paths.visitors,
    paths.locks,
    paths.registry,
    paths.parts,
    paths.databases,
    paths.tenants,
    paths.publicPorts,
    paths.sizes,
    paths.dumps,
  ];
  return {
    disk: new Map(folders.map((path) => [path, root])),
    users: new Map([
      ['www', { uid: 990, gid: 991, locked: false }],
      ['sculptor-mail', { uid: 985, gid: 986, locked: false }],
    ]),
    inGroups: new Map(),
    groups: new Map([
      ['nginx', 989],
      ['www', 991],
    ]),
    mastersOn: new Set(),
    relaysOn: new Set(),
    shares: new Map(),
    caches: new Map(),
    programs: new Map(),
    databases: new Map(),
    doorTenants: new Map(),
    doings: [],
    quotasInForce: false,
    authority: null,
    taken: new Map(),
    projects: new Map(),
    held: new Map(),
    phpVersions: ['8.2', '8.4'] as PhpVersion[],
    node: true,
    bound: [],
    now: '2026-01-02T03:04:05.678Z',
  };
}

const COUNTED: ReadonlySet<string> = new Set([paths.destroyed, paths.letIn, paths.repaired]);

/** Everything of a server that lasts, in a form that compares, but for what was counted: an attempt counts. */
export function stateOf(server: FakeServer): unknown {
  const { disk, users, mastersOn, relaysOn, shares, programs, caches, databases, doorTenants, held } = server;
  return {
    disk: Object.fromEntries([...disk].filter(([path]) => !COUNTED.has(path)).sort()),
    users: Object.fromEntries([...users].sort()),
    mastersOn: [...mastersOn].sort(),
    relaysOn: [...relaysOn].sort(),
    shares: Object.fromEntries([...shares].sort()),
    caches: Object.fromEntries([...caches].sort()),
    doorTenants: Object.fromEntries([...doorTenants].sort()),
    held: Object.fromEntries([...held].sort()),
    programs: Object.fromEntries([...programs].sort()),
    databases: structuredClone(Object.fromEntries([...databases].sort())),
  };
}

export class InjectedError extends Error {}

export type Accident = {
  /** Which change fails, counted from 1. */
  readonly at: number;
  /** `tool`: that change fails. `crash`: that and all that comes after, undoing too, as if the process had died. */
  readonly kind: 'tool' | 'crash';
};

/** The system of a fake server, with at most one accident. `changes` counts what was changed. */
export function createFakeSystem(server: FakeServer, accident?: Accident) {
  const count = { changes: 0 };
  const change = async <T>(act: () => T): Promise<T> => {
    count.changes += 1;
    if (accident?.at === count.changes) throw new InjectedError('an accident');
    if (accident?.kind === 'crash' && count.changes > accident.at) throw new InjectedError('dead');
    return Promise.resolve(act());
  };
  const undoing =
    (act: () => unknown): Undo =>
    async () => {
      if (accident?.kind === 'crash') throw new InjectedError('dead');
      act();
      await Promise.resolve();
    };
  const parts = { server, change, undoing };
  const done = <T>(act: () => T): Promise<T> => Promise.resolve(act());
  const files = fakeFiles(parts);
  const folders = fakeFolders(parts);
  const accounts = fakeAccounts(parts);
  const limits = () => readLimits(files);
  const now = () => new Date(server.now);
  const last = new Map<string, Promise<unknown>>();
  // One at a time, as with the kernel's: who asks for one that he holds himself waits for ever.
  const locks: System['locks'] = {
    during: (name, act) => {
      const turn = (last.get(name) ?? Promise.resolve()).then(act);
      last.set(
        name,
        turn.catch(() => undefined),
      );
      return turn;
    },
  };
  const system: System = {
    serverBytes: 8 * 1024 ** 3,
    files,
    folders,
    hasNode: () => Promise.resolve(server.node),
    locks,
    limits,
    // An accident with the record is another test's.
    acme: fakeAcme(parts),
    caps: createCaps({ files: fakeFiles({ ...parts, change: done }), locks, limits, now }),
    dropIns: { list: () => Promise.resolve([]), reload: () => Promise.resolve() },
    auditLines: { after: (line) => Promise.resolve({ lines: [], last: line }) },
    auditLog: {
      append: () => Promise.resolve(),
      noteHead: () => Promise.resolve(),
      acceptHead: () => Promise.resolve(),
    },
    auditSeals: { requireChain: () => Promise.resolve() },
    services: { look: () => Promise.resolve({ services: [], awake: null }) },
    vitalSigns: {
      look: () =>
        Promise.resolve({
          ...{ cpus: 1, ticks: { busy: 0, total: 0 }, memory: { bytes: 0, available: 0 } },
          ...{ load: [0, 0, 0], places: [] },
        }),
      certificateEnds: () => Promise.resolve(null),
    },
    erase: async (path) => folders.remove(path),
    accounts,
    caches: fakeCaches(parts),
    certificates: createCertificates({ files, folders, accounts }),
    masters: fakeMasters(parts),
    relays: fakeRelays(parts),
    programs: fakePrograms(parts),
    outputs: {
      stamp: () => Promise.resolve('0'),
      read: () => Promise.resolve([]),
      lookAny: () => Promise.resolve(null),
      remove: () => Promise.resolve(),
    },
    mode: 'systemd',
    databases: createDatabaseRegister({ files, folders }),
    mariadb: fakeMariadb(parts),
    nginx: {
      putBack: () => Promise.resolve(),
      drained: () => Promise.resolve(),
      isUnread: () => Promise.resolve(false),
      apply: async (_files, makeChange) => {
        const undo = await makeChange();
        try {
          await change(() => server.doings.push('reload nginx'));
        } catch (refused) {
          await undo();
          throw refused;
        }
        return undo;
      },
    },
    phpFpm: {
      versions: () => Promise.resolve(server.phpVersions),
      check: ({ version }) => change(() => void server.doings.push(`check ${version}`)),
    },
    once: fakeOnce(parts),
    parts: createPartRegister({ files, folders }),
    publicPorts: {
      ...createPublicPorts({
        ...{ files, folders },
        commands: { run: () => change(() => String(server.doings.push('read the rules for public ports'))) },
      }),
      bound: () => Promise.resolve(server.bound),
    },
    quotas: fakeQuotas(parts),
    replaced: {
      look: () => Promise.resolve({ sites: [], services: [] }),
      restart: () => Promise.resolve(),
    },
    updateLog: {
      report: () => Promise.resolve(null),
      told: () => Promise.resolve(),
      noteRenewed: () => Promise.resolve(),
    },
    updates: { meet: () => Promise.resolve(false) },
    fail2ban: {
      jails: () => Promise.resolve([]),
      require: () => Promise.reject(new Error('no fail2ban here')),
      bans: () => Promise.resolve([]),
      isListed: () => Promise.resolve(false),
      isKept: () => Promise.resolve(null),
      ban: () => Promise.resolve(),
      unban: () => Promise.resolve(),
      ignored: () => Promise.resolve([]),
    },
    spared: { refuse: () => Promise.resolve() },
    upgrades: {
      pending: () => Promise.resolve(null),
      last: () => Promise.resolve(null),
      reboot: () => Promise.resolve(null),
      isOver: () => Promise.resolve(true),
      begin: () => Promise.resolve(),
      outcome: () => Promise.reject(new Error('nothing is installed here')),
    },
    registry: createRegistry({ files, folders, locks }),
    sizes: {
      ...createSizes({ files, commands: { run: () => Promise.reject(new Error('no program')) } }),
      measure: (path) => Promise.resolve(server.disk.has(path) ? (server.taken.get(path) ?? 0) : null),
    },
    snippets: async (site) => {
      const folder = paths.snippets(site);
      const names = (await folders.look(folder)) === null ? [] : await folders.list(folder);
      return Promise.all(
        names.map(async (name) => ({ name, text: (await files.read(`${folder}/${name}`)) ?? '' })),
      );
    },
    ssh: {
      requireReady: () => Promise.resolve(),
      endSessions: (uid) => done(() => void server.doings.push(`end sessions of ${uid}`)),
    },
    stateDumps: createStateDumps({
      ...{ files, folders, locks, now, socketPath: '/run/none', withDoor: true },
      commands: { run: () => Promise.reject(new Error('no program')) },
      sql: () => Promise.reject(new Error('no MariaDB')),
      rule: { daily: 7, weekly: 4, monthly: 6 },
    }),
    tenants: createTenantRegister({ files, folders, locks }),
    now,
    hostname: () => 'machine.example',
    serverName: 'machine.example',
  };
  return { system, count };
}

type Parts = {
  readonly server: FakeServer;
  readonly change: <T>(act: () => T) => Promise<T>;
  readonly undoing: (act: () => unknown) => Undo;
};

function fakeFiles({ server: { disk }, change, undoing }: Parts): Files {
  const put = (path: string, node: Node) => {
    const before = disk.get(path);
    if (
      disk.get(dirname(path))?.kind !== 'folder' &&
      !dirname(path).startsWith('/etc/nginx') &&
      dirname(path) !== '/var/lib/sculptor-root'
    )
      throw new Error(`there is no folder ${dirname(path)}`);
    disk.set(path, node);
    return undoing(() => (before === undefined ? disk.delete(path) : disk.set(path, before)));
  };
  const ofKind = <K extends Node['kind']>(path: string, kind: K) => {
    const node = disk.get(path);
    if (node !== undefined && node.kind !== kind) throw new Error(`${path} is not a ${kind}`);
    return (node ?? null) as Extract<Node, { kind: K }> | null;
  };
  return {
    read: async (path) => Promise.resolve(ofKind(path, 'file')?.text ?? null),
    stray: (path, mode) => {
      const node = disk.get(path);
      return Promise.resolve(node?.kind === 'file' && node.mode !== mode ? `its mode is ${node.mode}` : null);
    },
    isClosed: (path) => {
      const node = disk.get(path);
      return Promise.resolve(node?.kind === 'file' && (node.mode & 0o004) === 0);
    },
    replace: (path, text, mode = 0o644) => change(() => put(path, { kind: 'file', text, mode })),
    remove: async (path) => {
      const before = disk.get(path);
      if (before === undefined) return () => Promise.resolve();
      return change(() => {
        disk.delete(path);
        return undoing(() => void disk.set(path, before));
      });
    },
    readLink: async (path) => Promise.resolve(ofKind(path, 'link')?.target ?? null),
    link: (path, target) => change(() => put(path, { kind: 'link', target })),
    claim: (path, target) => change(() => (disk.has(path) ? null : put(path, { kind: 'link', target }))),
  };
}

function fakeFolders({ server: { disk }, change, undoing }: Parts): Folders {
  const within = (path: string) => [...disk.keys()].filter((other) => other.startsWith(`${path}/`));
  const removeEmpty = (path: string) => {
    if (within(path).length > 0) throw new Error(`${path} is not empty`);
    disk.delete(path);
  };
  return {
    look: async (path) => {
      const node = disk.get(path);
      if (node === undefined) return Promise.resolve(null);
      if (node.kind !== 'folder') throw new Error(`${path} is not a folder`);
      return Promise.resolve({ uid: node.uid, gid: node.gid, mode: node.mode });
    },
    list: (path) => {
      const names = within(path).map((inner) => inner.slice(path.length + 1));
      return Promise.resolve(names.filter((name) => !name.includes('/')));
    },
    ensure: (path, wanted) =>
      change(() => {
        const before = disk.get(path);
        disk.set(path, { kind: 'folder', ...wanted });
        return undoing(() => (before === undefined ? removeEmpty(path) : void disk.set(path, before)));
      }),
    move: (from, to) =>
      change(() => {
        for (const path of [from, ...within(from)]) {
          disk.set(to + path.slice(from.length), disk.get(path)!);
          disk.delete(path);
        }
        return undoing(() => {
          for (const path of [to, ...within(to)]) {
            disk.set(from + path.slice(to.length), disk.get(path)!);
            disk.delete(path);
          }
        });
      }),
    removeEmpty: (path) => change(() => removeEmpty(path)),
    remove: (path) => change(() => [path, ...within(path)].forEach((inner) => disk.delete(inner))),
  };
}

function fakeRelays({ server: { relaysOn }, change }: Parts): Relays {
  return {
    socketOf: paths.relaySocket,
    lookOn: (id) => Promise.resolve(relaysOn.has(id) ? null : 'it is off'),
    turnOn: (id) => change(() => void relaysOn.add(id)),
    lookOff: (id) => Promise.resolve(relaysOn.has(id) ? 'it is on' : null),
    turnOff: (id) => change(() => void relaysOn.delete(id)),
  };
}

function fakeAccounts({
  server: { users, groups, inGroups, doings, disk },
  change,
  undoing,
}: Parts): Accounts {
  const find = (args: readonly string[]): string | Promise<string> => {
    const within = [...disk].filter(([path]) =>
      args.some((arg) => arg.startsWith('/') && path.startsWith(`${arg}/`)),
    );
    if (!args.includes('-delete')) return within.find(([, { kind }]) => kind !== 'folder')?.[0] ?? '';
    return change(() => {
      for (const [path] of within) disk.delete(path);
      return '';
    });
  };
  return {
    find: async (user) => {
      const found = users.get(user);
      return Promise.resolve(found ? { uid: found.uid, gid: found.gid } : null);
    },
    findGroup: (group) => Promise.resolve(groups.get(group) ?? null),
    groupsOf: (user) => Promise.resolve([...(inGroups.get(user) ?? [])]),
    leaveGroup: (user, group) => change(() => void inGroups.get(user)?.delete(group)),
    isTaken: (number) =>
      Promise.resolve([...users.values()].some(({ uid, gid }) => uid === number || gid === number)),
    create: ({ user, uid }) =>
      change(() => {
        users.set(user, { uid, gid: uid, locked: false });
        return undoing(() => {
          users.delete(user);
        });
      }),
    isLocked: (user) => Promise.resolve(users.get(user)?.locked === true),
    lock: (user) => change(() => void users.set(user, { ...users.get(user)!, locked: true })),
    unlock: (user) => change(() => void users.set(user, { ...users.get(user)!, locked: false })),
    remove: (user) => change(() => void users.delete(user)),
    hasProcesses: () => Promise.resolve(false),
    killAll: ({ uid }) => Promise.resolve(void doings.push(`kill ${uid}`)),
    runAs: async ({ uid }, { file, args }) => {
      const path = args.at(-1)!;
      if (file === '/usr/bin/test' && !disk.has(path)) throw new Error('there is none');
      if (file === '/usr/bin/rmdir') await undoing(() => disk.delete(path))();
      if (file === '/usr/bin/find') return find(args);
      if (file !== '/usr/bin/mkdir') return '';
      return change(() => {
        disk.set(path, { kind: 'folder', uid, gid: 989, mode: 0o2750 });
        return '';
      });
    },
  };
}

function fakeMasters({ server: { mastersOn, shares, doings }, change }: Parts): Masters {
  return {
    socketOf: paths.unitSocket,
    lookOn: ({ id }) => Promise.resolve(mastersOn.has(id) ? null : 'it is off'),
    turnOn: ({ id }) => change(() => void mastersOn.add(id)),
    lookOff: ({ id }) => Promise.resolve(mastersOn.has(id) ? 'it is on' : null),
    turnOff: ({ id }) => change(() => void mastersOn.delete(id)),
    readShare: ({ id }) => Promise.resolve(shares.get(id) ?? { memoryBytes: null, tasks: null }),
    setShare: ({ id }, share) =>
      change(() => {
        if (share.memoryBytes === null && share.tasks === null) shares.delete(id);
        else shares.set(id, share);
      }),
    refresh: ({ id }) =>
      change(() => mastersOn.has(id) && doings.push(`refresh ${id}`)).then(() => undefined),
  };
}

function fakePrograms({ server: { programs, doings }, change, undoing }: Parts): Programs {
  const same = (program: Program) => JSON.stringify(programs.get(program.part)) === JSON.stringify(program);
  const put = (part: PartId, program: Program | undefined) => {
    if (program === undefined) programs.delete(part);
    else programs.set(part, program);
  };
  return {
    lookOn: (program) => Promise.resolve(same(program) ? null : 'it is another program'),
    turnOn: (program) =>
      change(() => {
        const before = programs.get(program.part);
        put(program.part, program);
        return undoing(() => put(program.part, before));
      }),
    lookOff: (part) => Promise.resolve(programs.has(part) ? 'Supervisor knows it' : null),
    turnOff: (part) => change(() => put(part, undefined)),
    restart: (part) => change(() => doings.push(`restart ${part}`)).then(() => undefined),
    processes: () => Promise.resolve(new Map([...programs.keys()].map((part) => [part, []]))),
  };
}
