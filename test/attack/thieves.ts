import { readFileSync } from 'node:fs';
import { createDomain, readDomain, TOKEN_FILE, unique } from '../machine/agent.ts';
import { must, page, place, rootSql, run, type Ran } from '../machine/server.ts';

/** Who a thief has become, with what lies in that process's memory and files. */
export type Thief = {
  readonly name: string;
  readonly user: string;
  readonly group: string;
  /** Besides its own, as the process had them that was taken. */
  readonly groups: readonly string[];
  /** Handed over on standard input, for an argument list or an environment would tell others. */
  readonly stolen: () => Stolen;
};
export type Stolen = Readonly<Record<string, string>>;

const nothing = () => ({});
const secretOf = (account: string) => readFileSync(`/etc/sculptor/secrets/redis-${account}`, 'utf8').trim();

/** The shared user of the pool's sites, from a shell. */
export const WWW: Thief = { name: 'www', user: 'www', group: 'www', groups: [], stolen: nothing };

export const NGINX: Thief = { name: 'nginx', user: 'nginx', group: 'nginx', groups: [], stolen: nothing };

/**
 * The API, with its groups and all that its memory may hold: Redis' secret, the table of tokens, and a token that
 * somebody sent. Without the unit's sandbox, which is more than a thief would get.
 */
export const API: Thief = {
  name: 'the API',
  user: 'www-data',
  group: 'www-data',
  groups: ['sculptor-queue'],
  stolen: () => ({
    redisUser: 'api',
    redisPassword: secretOf('api'),
    tokens: rootSql('SELECT * FROM sculptor.token'),
    token: readFileSync(TOKEN_FILE, 'utf8').trim(),
  }),
};

/** Somebody who is nobody on this server and can write to Redis as the API does. */
export const QUEUE_WRITER: Thief = {
  name: 'a writer to Redis',
  user: 'nobody',
  group: 'nogroup',
  groups: ['sculptor-queue'],
  stolen: () => ({ redisUser: 'api', redisPassword: secretOf('api') }),
};

/** The privileged worker. */
export const SCULPTOR: Thief = {
  name: 'sculptor',
  user: 'sculptor',
  group: 'sculptor',
  groups: ['sculptor-queue'],
  stolen: () => ({ redisUser: 'worker-privileged', redisPassword: secretOf('worker-privileged') }),
};

export type Site = {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly home: string;
};

/** A live site to be attacked, or to attack from. */
export async function createSite(wanted: Readonly<Record<string, unknown>> = {}): Promise<Site> {
  const { name } = await createDomain({ name: `${unique('t')}.example`, ...wanted });
  const { id, isolation } = await readDomain(name);
  return { id, name, user: isolation === 'pool' ? 'www' : `s-${id}`, home: `/home/www/${name}` };
}

/** A shell of the site's user, as a panel's terminal or an SFTP account would give. */
export function shellOf({ name, user }: Site): Thief {
  return { name: `a shell of ${name}`, user, group: user, groups: [], stolen: nothing };
}

/** Runs a program as the thief. */
export function as(thief: Thief, file: string, ...args: readonly string[]): Ran {
  return run('setpriv', [...identity(thief), file, ...args]);
}

/** The same with something on its standard input. */
export function fed(thief: Thief, input: string, [file, ...args]: readonly [string, ...string[]]): Ran {
  return run('setpriv', [...identity(thief), file, ...args], input);
}

/**
 * JavaScript in a process of the thief's, with `stolen` and `require` at hand; it may await. Gives what it
 * returned, or its error as `{ error }`: the code, where it has one.
 */
export function script(thief: Thief, code: string): unknown {
  const program = `(async () => {
    const { stolen, code } = JSON.parse(require('fs').readFileSync(0, 'utf8'));
    const act = new (async () => {}).constructor('stolen', 'require', code);
    const done = (value) => require('fs').writeSync(1, JSON.stringify(value ?? null));
    await act(stolen, require).then(done, (error) => done({ error: error.code ?? error.message }));
    process.exit(0);
  })()`;
  const input = JSON.stringify({ stolen: thief.stolen(), code });
  const { code: ended, out, err } = fed(thief, input, ['/usr/lib/sculptor/node/bin/node', '-e', program]);
  if (ended !== 0) throw new Error(`${thief.name}: ${err}`);
  return JSON.parse(out);
}

/**
 * SQL over the local socket as the user that the thief is, a statement a line and each tried whatever became of
 * those before it; gives for each the error that it ended with, or `done`.
 */
export function sqlAs(thief: Thief, statements: readonly string[]): readonly string[] {
  const client = ['--no-defaults', '--batch', '--skip-column-names', '--force'] as const;
  const { err } = fed(thief, `${statements.join(';\n')};\n`, ['mariadb', ...client]);
  const errors = new Map(
    Array.from(err.matchAll(/^ERROR (\d+) \(\w+\) at line (\d+): (.*)$/gm), ([, code, line, words]) => [
      Number(line),
      code === '1644' ? words : `ERROR ${code}`,
    ]),
  );
  return statements.map((_, index) => errors.get(index + 1) ?? 'done');
}

/** A value in SQL that is these bytes, whatever they are. */
export function literal(text: string): string {
  return `CONVERT(0x${Buffer.from(text).toString('hex') || '00'} USING utf8mb4)`;
}

/** PHP of the site, through nginx and the web as a visitor starts it; gives what the page says. */
export async function php(site: Site, code: string): Promise<string> {
  const file = `${unique('p')}.php`;
  place(site.user, `${site.home}/public/${file}`, `<?php ${code}`);
  const [status, text] = await page(site.name, `/${file}`);
  must('rm', ['--', `${site.home}/public/${file}`]);
  return status === 200 ? text : `${status}`;
}

/** The environment of a login, and no right that could come back. */
function identity({ user, group, groups }: Thief): readonly string[] {
  const supplementary = groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups';
  return [
    ...[`--reuid=${user}`, `--regid=${group}`, supplementary, '--inh-caps=-all'],
    ...['/usr/bin/env', '-i', '-C', '/', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
  ];
}
