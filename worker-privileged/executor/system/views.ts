// Which views of a database can be shown. To show one MariaDB may run functions of the tenant's that stand in it, and they
// may err or sleep: it is asked as an account that has the tenant's rights in this one database, and seconds a statement.
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { DatabaseId } from '../../../contract/ids.ts';
import type { PasswordHash } from '../../../contract/databases.ts';
import { DatabaseName } from '../../../contract/names.ts';
import { CommandError } from './command.ts';
import type { DoorSql } from './door-sql.ts';
import type { LentClient } from './lent-client.ts';
import { newPassword } from './passwords.ts';

type Database = { readonly id: DatabaseId; readonly name: DatabaseName };

type Tools = { readonly client: LentClient; readonly hashOf: (password: string) => PasswordHash } & DoorSql;

/** Some hundred views that never answer; the account has two seconds for each. */
const LIMIT_MS = 600_000;

/** By name, all of them: to tell that, none has to be looked into. */
export async function listViews(
  { rows }: Pick<Tools, 'rows'>,
  name: DatabaseName,
): Promise<readonly string[]> {
  const names = await rows(`SELECT JSON_QUOTE(t.table_name) FROM information_schema.tables t
    WHERE t.table_schema = '${DatabaseName.parse(name)}' AND t.table_type = 'VIEW'`);
  return z.array(z.string()).parse(names).sort();
}

/** Those of the views that MariaDB can show; none where not all could be asked for in time. */
export async function shownViews(
  { client, call, hashOf }: Tools,
  { id, name }: Database,
  views: readonly string[],
): Promise<readonly string[]> {
  if (views.length === 0) return [];
  const account = `sculptor-views-${id}`;
  const password = newPassword();
  let erring: ReadonlySet<number> = new Set();
  const command = {
    file: '/usr/bin/mariadb',
    args: [
      ...['--batch', '--force', '--binary-mode', '--sandbox', '--local-infile=0', '--skip-reconnect'],
      ...[
        '--connect-timeout=10',
        '--default-character-set=utf8mb4',
        `--database=${DatabaseName.parse(name)}`,
      ],
    ],
    stdin: views.map(question).join(''),
    drain: (output: Readable) => finished(output.resume()),
    drainErrors: async (errors: Readable) => void (erring = await linesThatErr(errors)),
    timeoutMs: LIMIT_MS,
  } as const;
  await call('lend', [id, account, hashOf(password)]);
  try {
    await client({ account, password }, command);
    const unshown = new Set(
      views.flatMap((view) => linesOf(view).map(() => view)).filter((_, at) => erring.has(at + 1)),
    );
    return views.filter((view) => !unshown.has(view));
  } catch (cause) {
    if (cause instanceof CommandError && cause.exitCode === null) return [];
    throw cause;
  } finally {
    await call('take_back', [id, account, hashOf(password)]);
  }
}

/** In words of MariaDB and of MySQL. */
function question(view: string): string {
  return `SHOW FIELDS FROM \`${view.replaceAll('`', '``')}\`;\n`;
}

/** A name may hold ends of lines. */
function linesOf(view: string): readonly string[] {
  return view.split('\n');
}

/** What the client says of a statement that was refused names its line; what else stands there is the tenant's. */
async function linesThatErr(errors: Readable): Promise<ReadonlySet<number>> {
  const lines = new Set<number>();
  for await (const line of createInterface({ input: errors })) {
    const at = /^ERROR \d+ \(\w+\) at line (\d+)/.exec(line)?.[1];
    if (at !== undefined) lines.add(Number(at));
  }
  return lines;
}
