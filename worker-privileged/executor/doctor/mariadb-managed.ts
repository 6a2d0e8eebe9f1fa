import { z } from 'zod';
import { wrong, type Found } from './finding.ts';
import type { Server } from './server.ts';

const Stray = z.object({ kind: z.string(), account: z.string(), object: z.string() });

/**
 * What an account of a tenant has besides its own database, and whose account lost it. Compared in MariaDB, so that
 * thousands that are as they should be cost nothing here. A right that names a procedure of its own database is what
 * MariaDB gives to who made it.
 */
const OWN = `SELECT u.name, d.name AS db, REPLACE(d.name, '_', '\\\\_') AS pattern
  FROM sculptor_door.managed_user u JOIN sculptor_door.managed_database d ON d.id = u.database_id
  WHERE u.dropped_at IS NULL`;
const LOCKS = `SELECT u.name, d.name AS db, d.closed_at IS NOT NULL OR d.locked_at IS NOT NULL AS should,
    g.locked AS closed
  FROM sculptor_door.managed_user u JOIN sculptor_door.managed_database d ON d.id = u.database_id
  JOIN sculptor_door.server_account g ON g.name = u.name AND g.host = 'localhost' WHERE u.dropped_at IS NULL`;
const STRAYS = `
  SELECT JSON_OBJECT('kind', 'has rights over', 'account', p.user, 'object', p.db) FROM mysql.db p
    JOIN (${OWN}) own ON own.name = p.user WHERE BINARY p.db <> BINARY own.pattern OR p.host <> 'localhost' OR p.grant_priv = 'Y';
  SELECT JSON_OBJECT('kind', 'has rights over', 'account', p.user, 'object', CONCAT(p.db, '.', p.table_name)) FROM mysql.tables_priv p
    JOIN (${OWN}) own ON own.name = p.user WHERE BINARY p.db <> BINARY own.db;
  SELECT JSON_OBJECT('kind', 'has rights over', 'account', p.user, 'object', CONCAT(p.db, '.', p.routine_name)) FROM mysql.procs_priv p
    JOIN (${OWN}) own ON own.name = p.user WHERE BINARY p.db <> BINARY own.db;
  SELECT JSON_OBJECT('kind', 'has lost its rights over', 'account', own.name, 'object', own.db) FROM (${OWN}) own
    WHERE EXISTS (SELECT 1 FROM sculptor_door.server_account g WHERE g.name = own.name AND g.host = 'localhost')
      AND NOT EXISTS (SELECT 1 FROM mysql.db p WHERE p.user = own.name AND BINARY p.db = BINARY own.pattern);
  SELECT JSON_OBJECT('kind', IF(own.closed, 'is locked, unlike', 'is not locked, unlike'), 'account', own.name, 'object', own.db)
    FROM (${LOCKS}) own WHERE own.closed <> own.should;
  SELECT JSON_OBJECT('kind', 'is a role of', 'account', p.user, 'object', p.role) FROM mysql.roles_mapping p;
  SELECT JSON_OBJECT('kind', 'has rights over', 'account', p.user, 'object', p.db) FROM mysql.db p
    WHERE p.db IN ('mysql', 'sys', 'sculptor', 'sculptor_door', '%')
      AND p.user NOT IN ('sculptor', 'sculptor_door', 'www-data', 'root', 'mysql', 'mariadb.sys', '')
      AND NOT EXISTS (SELECT 1 FROM sculptor_door.managed_user u WHERE u.dropped_at IS NULL AND u.name = p.user);`;

export async function managed({ sql }: Server): Promise<readonly Found[]> {
  return (await sql(STRAYS))
    .map((line) => Stray.parse(JSON.parse(line)))
    .map(({ kind, account, object }) =>
      wrong(
        `MariaDB's account ${account} ${kind} ${object}, and should not be so.`,
        `Run mariadb -e "SHOW GRANTS FOR '${account}'@'localhost'", and revoke or grant what is wrong.`,
      ),
    );
}
