import { readFileSync } from 'node:fs';
import { rootSql } from '../machine/server.ts';
import type { Sabotage } from './sabotage.ts';
import { sql } from './spoil.ts';

const INSTALLED = '/usr/lib/sculptor/app/state';

/** The accounts and the door, as every installation puts them in place. */
function putBack(): void {
  for (const file of ['accounts.sql', 'dialects/mariadb.sql', 'procedures.sql', 'procedures-root.sql'])
    rootSql(`USE sculptor;\n${readFileSync(`${INSTALLED}/${file}`, 'utf8')}`);
}

/** MariaDB's accounts and what they may. */
export const DATABASES: readonly Sabotage[] = [
  {
    name: 'an API that may end operations',
    spoil: () =>
      sql(
        "GRANT UPDATE ON sculptor.operation TO 'www-data'@'localhost'",
        "REVOKE UPDATE ON sculptor.operation FROM 'www-data'@'localhost'",
      ),
    check: 'mariadb',
    sentence: /^MariaDB lets www-data@localhost UPDATE on sculptor\.operation, and should not\.$/,
  },
  {
    name: 'an API that may write a column more',
    spoil: () =>
      sql(
        "GRANT INSERT (role) ON sculptor.token TO 'www-data'@'localhost'",
        "REVOKE INSERT (role) ON sculptor.token FROM 'www-data'@'localhost'",
      ),
    check: 'mariadb',
    sentence: /^MariaDB lets www-data@localhost INSERT \(role\) on sculptor\.token, and should not\.$/,
  },
  {
    name: 'a worker that lost a right',
    spoil: () =>
      sql(
        "REVOKE INSERT ON sculptor.operation_step FROM 'sculptor'@'localhost'",
        "GRANT INSERT ON sculptor.operation_step TO 'sculptor'@'localhost'",
      ),
    check: 'mariadb',
    sentence: /^MariaDB does not let sculptor@localhost INSERT on sculptor\.operation_step, and should\.$/,
  },
  {
    name: 'an account without a name',
    spoil: () => sql("CREATE USER ''@'localhost'", "DROP USER ''@'localhost'"),
    check: 'mariadb',
    sentence: /^MariaDB has an account without a name, @localhost: /,
  },
  {
    name: 'an account without a password',
    spoil: () => sql("CREATE USER 'open'@'localhost'", "DROP USER 'open'@'localhost'"),
    check: 'mariadb',
    sentence: /^MariaDB's account open@localhost needs no password\.$/,
  },
  {
    name: 'an account from everywhere',
    spoil: () => sql("CREATE USER 'far'@'%' IDENTIFIED BY 'x'", "DROP USER 'far'@'%'"),
    check: 'mariadb',
    sentence: /^MariaDB's account far@% may come from %, and should from localhost alone\.$/,
  },
  {
    name: 'an account over every database',
    spoil: () =>
      sql(
        "CREATE USER 'backup'@'localhost' IDENTIFIED BY 'x'; GRANT SELECT ON *.* TO 'backup'@'localhost'",
        "DROP USER 'backup'@'localhost'",
      ),
    check: 'mariadb',
    sentence: /^MariaDB's account backup@localhost has rights over every database\.$/,
  },
  {
    name: "a tenant's account on every database by a pattern",
    spoil: () =>
      sql("GRANT SELECT ON `%`.* TO 'other'@'localhost'", "REVOKE SELECT ON `%`.* FROM 'other'@'localhost'"),
    check: 'mariadb',
    sentence: /^MariaDB's account other has rights over %, /,
  },
  {
    name: "a tenant's account on a neighbour's database",
    spoil: () =>
      sql(
        "GRANT SELECT ON my_shop.* TO 'other'@'localhost'",
        "REVOKE SELECT ON my_shop.* FROM 'other'@'localhost'",
      ),
    check: 'mariadb',
    sentence: /^MariaDB's account other has rights over my_shop, /,
  },
  {
    name: "a tenant's account that is locked, and its database is not",
    spoil: () =>
      sql("ALTER USER 'other'@'localhost' ACCOUNT LOCK", "ALTER USER 'other'@'localhost' ACCOUNT UNLOCK"),
    check: 'mariadb',
    sentence: /^MariaDB's account other is locked, unlike \w+, and should not be so\.$/,
  },
  {
    name: "the door's account unlocked",
    spoil: () =>
      sql(
        "ALTER USER 'sculptor_door'@'localhost' ACCOUNT UNLOCK",
        "ALTER USER 'sculptor_door'@'localhost' ACCOUNT LOCK",
      ),
    check: 'mariadb',
    sentence: /^MariaDB's account sculptor_door@localhost is not locked: /,
  },
  {
    name: 'an API that logs in by a password',
    spoil: () =>
      sql(
        "ALTER USER 'www-data'@'localhost' IDENTIFIED BY 'x'",
        "ALTER USER 'www-data'@'localhost' IDENTIFIED VIA unix_socket",
      ),
    check: 'mariadb',
    sentence:
      /^MariaDB's account www-data@localhost logs in by mysql_native_password and should by unix_socket\.$/,
  },
  {
    name: 'a procedure of the door replaced',
    spoil: () => {
      rootSql(
        "CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.drop_user(IN p_id VARCHAR(255)) SELECT 1",
      );
      return putBack;
    },
    check: 'mariadb',
    sentence: /^MariaDB's sculptor_door\.drop_user is not what was installed\.$/,
  },
  {
    name: 'a procedure more in the door',
    spoil: () =>
      sql(
        "CREATE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.more() SELECT 1",
        'DROP PROCEDURE sculptor_door.more',
      ),
    check: 'mariadb',
    sentence: /^MariaDB's sculptor_door\.more was not installed\.$/,
  },
  {
    name: "a tenant's procedure that runs as the door's account",
    spoil: () =>
      sql(
        "CREATE DEFINER = 'sculptor_door'@'localhost' PROCEDURE my_shop.more() SELECT 1",
        'DROP PROCEDURE my_shop.more',
      ),
    check: 'mariadb',
    sentence: /^MariaDB has my_shop\.more of sculptor_door@localhost, /,
  },
];
