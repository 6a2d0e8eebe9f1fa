import { readFileSync } from 'node:fs';
import { must, rootSql, run } from '../machine/server.ts';

/** What an attack may not change, a line for each thing: a file with its owner, mode and times, a grant, a socket. */
export type Digest = readonly string[];

/**
 * A file's change time moves with its content, its owner and its mode, and nobody can set it: no content is
 * read. /etc has the units, sudoers, crontabs and Redis' accounts; /run the units that do not last.
 */
const FOLDERS = [
  ...[
    '/etc',
    '/home',
    '/root',
    '/usr/lib/sculptor',
    '/usr/local',
    '/var/lib/sculptor',
    '/var/lib/sculptor-root',
  ],
  ...['/var/spool/cron', '/run/sculptor-php', '/run/systemd/system', '/run/systemd/transient'],
];

/** Executors note what they are asked, lock what they are asked about measure each minute and dump the state each day: this is no change. */
const NOTES = [
  ...['audit.log', 'audit', 'locks', 'sizes', 'state-dumps'].map((name) => `/var/lib/sculptor-root/${name}`),
  '*/node_modules/*/*',
];

const ACCOUNTS = [
  'global_priv',
  'db',
  'tables_priv',
  'columns_priv',
  'procs_priv',
  'roles_mapping',
  'proxies_priv',
];

/**
 * A throwaway server's disk is an overlay: the first note in a folder moves note and folder up, and the folder would
 * look changed. That is done before anything is compared.
 */
let lifted = false;
function liftNotes(): void {
  if (!lifted) run('find', ['/var/lib/sculptor-root', '-exec', 'chmod', 'u+r', '--', '{}', '+']);
  lifted = true;
}

/** All of it; without what lies at and below the paths in `own`, and MariaDB's rows about the names in it, which may change. */
export function digest(own: readonly string[] = []): Digest {
  liftNotes();
  const [paths, names] = [own.filter(isPath), own.filter((one) => !isPath(one))];
  return [...files(paths), ...users(), ...mariadb(names), ...sockets()];
}

/** What two digests do not have in common, so that a failure says what was changed. */
export function differences(before: Digest, after: Digest): readonly string[] {
  const [then, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !then.has(line)).map((line) => `+ ${line}`),
  ];
}

const isPath = (one: string) => one.startsWith('/');

function files(own: readonly string[]): string[] {
  const skipped = [...NOTES, ...own].flatMap((path) => ['-path', path, '-prune', '-o']);
  const format = '%p type %y mode %m owner %U:%G size %s changed %C@ links %n %l\\n';
  const { out } = run('find', [...FOLDERS, ...skipped, '-printf', format]);
  return lines(out);
}

function users(): string[] {
  return ['passwd', 'group', 'shadow'].flatMap((database) =>
    lines(readFileSync(`/etc/${database}`, 'utf8')).map((line) => `${database} ${line}`),
  );
}

/** Every account with all its rights, every schema, and what the door to tenants' databases has registered. */
function mariadb(own: readonly string[]): string[] {
  const tables = [
    ...ACCOUNTS.map((table) => `mysql.${table}`),
    ...['information_schema.SCHEMATA', 'sculptor_door.managed_database', 'sculptor_door.managed_user'],
  ];
  const rows = lines(rootSql(tables.map((table) => `SELECT '${table}', t.* FROM ${table} t;`).join('\n')));
  return rows.filter((row) => !own.some((name) => row.includes(name)));
}

/** Everything that listens on this server; who is connected does not count. */
function sockets(): string[] {
  const found = lines(must('ss', ['-H', '-lntux'])).map((line) => {
    const [kind = '', , , , address = ''] = line.split(/\s+/);
    return `${kind} socket ${address}`;
  });
  // One without a name can be reached by nobody: a program's own, of a moment.
  return found.filter((line) => !line.endsWith(' *'));
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
