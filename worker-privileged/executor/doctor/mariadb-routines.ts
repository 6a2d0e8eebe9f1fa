import { z } from 'zod';
import { wrong, type Found } from './finding.ts';
import type { Server } from './server.ts';

const Routine = z.object({
  db: z.string(),
  name: z.string(),
  definer: z.string(),
  security: z.string(),
  body: z.string(),
});
type Routine = z.infer<typeof Routine>;

const DEFINER = 'sculptor_door@localhost';
const MINE = "'sculptor_door@localhost', 'sculptor@localhost', 'www-data@localhost', 'root@localhost'";

/** All of the door's; elsewhere, whatever would run with rights that a tenant has not. */
const ROUTINES = `
  SELECT JSON_OBJECT('db', db, 'name', name, 'definer', definer, 'security', security_type, 'body', CONVERT(body USING utf8mb4))
    FROM mysql.proc WHERE db = 'sculptor_door';`;
const ELSEWHERE = `
  SELECT CONCAT(routine_schema, '.', routine_name, ' of ', definer) FROM information_schema.routines
    WHERE routine_schema NOT IN ('mysql', 'sys', 'sculptor_door') AND definer IN (${MINE});
  SELECT CONCAT(event_schema, '.', event_name, ' of ', definer) FROM information_schema.events WHERE definer IN (${MINE});`;

/** The door is these procedures, word for word, with the rights of an account that nobody can log in with. */
export async function routines({ sql }: Server, source: string): Promise<readonly Found[]> {
  const there = (await sql(ROUTINES)).map((line) => Routine.parse(JSON.parse(line)));
  const wanted = proceduresIn(source);
  return [
    ...there.flatMap((routine) => asWritten(routine, wanted)),
    ...[...wanted.keys()]
      .filter((name) => there.every((each) => each.name !== name))
      .map((name) => wrong(`MariaDB has no procedure or function sculptor_door.${name}.`)),
    ...(await sql(ELSEWHERE)).map((what) =>
      wrong(`MariaDB has ${what}, which runs with rights of its own.`, 'Look who made it, and drop it.'),
    ),
  ];
}

function asWritten(
  { name, definer, security, body }: Routine,
  wanted: ReadonlyMap<string, string>,
): readonly Found[] {
  const what = `MariaDB's sculptor_door.${name}`;
  const written = wanted.get(name);
  if (written === undefined)
    return [
      wrong(
        `${what} was not installed.`,
        `Run mariadb -e "DROP PROCEDURE sculptor_door.${name}" (or FUNCTION).`,
      ),
    ];
  const found: Found[] = [];
  if (definer !== DEFINER) found.push(wrong(`${what} runs as ${definer} and should as ${DEFINER}.`));
  if (security !== 'DEFINER') found.push(wrong(`${what} runs with its caller's rights.`));
  if (plain(body) !== written) found.push(wrong(`${what} is not what was installed.`));
  return found;
}

/** Name → body of the procedures and functions that a file of ours makes. */
export function proceduresIn(source: string): ReadonlyMap<string, string> {
  const each = source.matchAll(
    /(?:PROCEDURE|FUNCTION) sculptor_door\.(\w+)\([^]*?^(BEGIN\b[^]*?^END) ?\/\//gm,
  );
  return new Map(Array.from(each, ([, name = '', body = '']) => [name, plain(body)]));
}

/** The client may leave comments out. */
function plain(body: string): string {
  return body
    .replace(/^\s*--.*$/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}
