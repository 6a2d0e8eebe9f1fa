# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# A MySQL for tenants' databases, where root has named one: the door, and the account that sculptor logs in as. The agent's
# state stays in MariaDB.

# Before anything is written: where the databases are they stay.
choose_databases() {
  local before
  before=$(fact mysqlSocket)
  before=${before#null}
  case $mysql_wanted in
    '') mysql_socket=$before ;;
    none) mysql_socket='' ;;
    *) mysql_socket=$mysql_wanted ;;
  esac
  [[ $mysql_socket =~ ^(/[A-Za-z0-9._/-]{1,100})?$ ]] ||
    fail "$mysql_socket is no place of a socket" 'name it whole: --mysql /run/mysql/mysqld.sock'
  [ "$mysql_socket" != "$socket" ] ||
    fail "$socket is MariaDB's socket" "the agent's state is there; MySQL listens on one of its own."
  [ -n "$mysql_dump" ] || mysql_dump=$(fact mysqlDump)
  [ -n "$mysql_dump" ] || mysql_dump=/usr/bin/mysqldump
  [[ $mysql_dump =~ ^/[A-Za-z0-9._/-]{1,100}$ ]] || fail "$mysql_dump is no place of a program" 'name it whole.'
  if [ "$mysql_socket" != "$before" ] && [ -e /etc/sculptor/agent.json ]; then refuse_to_leave "${before:-$socket}"; fi
  line unchanged "tenants' databases are on ${mysql_socket:-MariaDB}"
}

# A database that lies in the trash belongs to its server too.
refuse_to_leave() {
  local socket=$1 found
  found=$(sql <<<'SELECT COUNT(*) FROM sculptor_door.managed_database') ||
    { words && fail "whether there are databases at $1 cannot be asked" 'start that server, then run this again.'; }
  [ "$found" = 0 ] || fail "$found databases are, or were, at $1; they do not move to another server" \
    'leave --mysql as it was. A server without databases can be told where they are to be.'
}

install_mysql() {
  [ -n "$mysql_socket" ] || return 0
  local socket=$mysql_socket dialect=mysql schema=sculptor_door marks=sculptor_door.applied
  hint="root must get in at $socket without a password (auth_socket); see docs/mysql.md. Then run this again."
  answers_sql || { words && fail 'MySQL does not let root in'; }
  check_mysql
  check_mysqls_accounts
  sql <<<'CREATE DATABASE IF NOT EXISTS sculptor_door CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    CREATE TABLE IF NOT EXISTS sculptor_door.applied (name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
      PRIMARY KEY, sha256 CHAR(64) CHARACTER SET ascii NOT NULL, applied_at DATETIME(3) NOT NULL) ENGINE = InnoDB' ||
    { words && fail 'MySQL does not let root make the door'; }
  is_applied dialects/mysql-door.sql || sql <<<"DELETE FROM $marks"
  apply_again dialects/mysql-door.sql 'what the door is on MySQL'
  apply_again dialects/mysql.sql 'what the door says to MySQL'
  apply_again procedures.sql "the door to tenants' databases, on MySQL"
  apply_again procedures-root.sql "root's side of that door, on MySQL"
  let_sculptor_in
}

check_mysql() {
  local version
  version=$(sql <<<'SELECT VERSION()')
  [[ $version != *MariaDB* && $version =~ ^([0-9]+)\.([0-9]+) ]] &&
    [ $((BASH_REMATCH[1] * 100 + BASH_REMATCH[2])) -ge 804 ] ||
    fail "the server at $socket is $version" 'MySQL 8.4 or later is wanted there.'
  check_mysqldump
  [ "$(sql <<<'SELECT @@partial_revokes')" = 0 ] ||
    fail "in a MySQL with partial_revokes an _ in a grant is taken another way" 'set partial_revokes = OFF, then run this again.'
  [ "$(sql <<<'SELECT @@log_bin AND NOT @@log_bin_trust_function_creators')" = 0 ] ||
    fail 'this MySQL lets no tenant make a function or a trigger, nor have one back from a dump' \
      'set log_bin_trust_function_creators = ON in its configuration (or disable-log-bin), restart it, and run this again.'
  [ "$(sql <<<"SELECT @@lower_case_table_names")" = 0 ] ||
    fail 'this MySQL does not tell upper from lower case in names' 'set lower_case_table_names = 0, then run this again.'
}

# MariaDB's writes values for columns that MySQL works out, and takes from no dump.
check_mysqldump() {
  local said
  said=$("$mysql_dump" --version 2>/dev/null) || said='not a program'
  [[ $said == *Ver* && $said != *MariaDB* ]] ||
    fail "$mysql_dump is no mysqldump of a MySQL ($said)" "name that of the server, which comes with it: --mysqldump FILE"
  [ "$(stat -L -c '%U' "$mysql_dump")" = root ] && [ -z "$(find -L "$mysql_dump" -perm /022)" ] ||
    fail "$mysql_dump may be changed by others than root" 'name one that root owns.'
}

# Accounts and schemas that somebody else made under these names are theirs.
check_mysqls_accounts() {
  local found
  found=$(sql <<<"SELECT COUNT(*) FROM mysql.user WHERE user IN ('sculptor', 'sculptor_door')
    AND NOT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'sculptor_door' AND table_name = 'applied')")
  [ "$found" = 0 ] || fail 'this MySQL has an account sculptor or sculptor_door that somebody else made' \
    'rename or drop it, then run this again.'
}

# By a password that its own file holds and nothing else: who it is to the system, a MySQL elsewhere need not know.
let_sculptor_in() {
  local password
  password=$(sed -n 's/.*"password": "\([0-9a-f]\{64\}\)".*/\1/p' "$credential" 2>/dev/null) || true
  [ -n "$password" ] || password=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
  if lets_in <<<"$password"; then
    line unchanged 'sculptor gets in to MySQL'
  else
    sql <<<"ALTER USER 'sculptor'@'localhost' IDENTIFIED WITH caching_sha2_password BY '$password' ACCOUNT UNLOCK" ||
      { words && fail 'sculptor is not let in to MySQL'; }
    line changed 'sculptor gets in to MySQL'
  fi
  note_credential <<<"{\"socketPath\": \"$socket\", \"user\": \"sculptor\", \"password\": \"$password\"}"
}

# lets_in <PASSWORD: in no argument list.
lets_in() {
  local password
  read -r password
  mariadb --defaults-file=<(printf '[client]\nuser=sculptor\npassword=%s\n' "$password") --socket="$socket" \
    --execute 'SELECT 1' >/dev/null 2>&1
}
