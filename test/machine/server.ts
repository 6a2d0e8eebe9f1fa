import { spawnSync } from 'node:child_process';
import { request as requestTls } from 'node:https';
import { answered, exchange, type Answer } from './agent.ts';

export type Visit = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body of a form that is posted. */
  readonly form?: Readonly<Record<string, string>>;
};

/** What a visitor gets over plain HTTP, as DNS would lead them here; `closed` when nothing is answered. */
export async function visit(host: string, path = '/', wanted: Visit = {}): Promise<Answer | 'closed'> {
  const form = wanted.form && new URLSearchParams(wanted.form).toString();
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const method = wanted.method ?? (form === undefined ? 'GET' : 'POST');
  const headers = { host, ...type, ...wanted.headers };
  try {
    return await exchange({ host: '127.0.0.1', port: 80, method, path, headers }, form);
  } catch (error) {
    if ((error as { code?: string }).code === 'ECONNRESET') return 'closed';
    throw error;
  }
}

/** The same over TLS, whoever vouches for the certificate; fails where there is none. */
export function visitTls(host: string, path = '/'): Promise<Answer> {
  const where = { host: '127.0.0.1', port: 443, servername: host, rejectUnauthorized: false, agent: false };
  return answered((done) => requestTls({ ...where, path, headers: { host } }, done));
}

/** Status and body of a page. */
export async function page(host: string, path = '/'): Promise<readonly [number, string]> {
  const answer = await visit(host, path);
  return answer === 'closed' ? [0, 'closed'] : [answer.status, answer.text];
}

export type Ran = { readonly code: number | null; readonly out: string; readonly err: string };

/** Runs a program of this server as root; nothing of it is interpreted by a shell. */
export function run(file: string, args: readonly string[], input = ''): Ran {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  // One that ends before it has read its input has ended all the same.
  if (error && !('code' in error && error.code === 'EPIPE')) throw error;
  return { code: status, out: stdout, err: stderr };
}

/** The same, and it must end well; gives what it wrote. */
export function must(file: string, args: readonly string[], input = ''): string {
  const { code, out, err } = run(file, args, input);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${err || out}`);
  return out;
}

/** Runs a program as a user of this server, such as `s-<id>` of a site. */
export function as(user: string, file: string, ...args: readonly string[]): Ran {
  return run('runuser', ['-u', user, '--', file, ...args]);
}

/** Puts a file in a site as the site's own user would, from below the site's folder. */
export function place(user: string, path: string, content: string): void {
  must('runuser', ['-u', user, '--', 'mkdir', '-p', '--', path.slice(0, path.lastIndexOf('/'))]);
  must('runuser', ['-u', user, '--', 'tee', '--', path], content);
}

export const SOCKET_OF_MARIADB = '/run/mysqld/mysqld.sock';

/** SQL over the local socket as an account of MariaDB. The password goes through the environment. */
export function sql(
  login: { readonly name: string; readonly password: string },
  statement: string,
  database = '',
): Ran {
  const { status, stdout, stderr } = spawnSync(
    'mariadb',
    [
      '--no-defaults',
      '--batch',
      '--skip-column-names',
      `--user=${login.name}`,
      `--socket=${SOCKET_OF_MARIADB}`,
      database,
    ].filter(Boolean),
    { input: statement, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', MYSQL_PWD: login.password } },
  );
  return { code: status, out: stdout, err: stderr };
}

/** SQL as MariaDB's root; gives the rows, tabs between columns. */
export function rootSql(statement: string): string {
  return must(
    'mariadb',
    ['--no-defaults', '--batch', '--skip-column-names', `--socket=${SOCKET_OF_MARIADB}`],
    statement,
  );
}

export function sculptorctl(...args: readonly string[]): Ran {
  return run('sculptorctl', args);
}
