# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# The state's schema, the accounts of the two sides, the door. root logs in over the socket for this, as the
# operating system's root, and nothing of that is kept.

socket=/run/mysqld/mysqld.sock
# Which server is spoken to; install_mysql has others for itself.
migrated=
dialect=mariadb schema=sculptor marks=sculptor.migration
credential=/var/lib/sculptor/mariadb.json

install_mariadb() {
  hint='The command mariadb, as root, must work without a password (unix_socket); then run this again.'
  ensure_file /etc/mysql/mariadb.conf.d/90-sculptor.cnf 0644 root:root <"$tree/systemd/mariadb.cnf"
  keep_mariadb_up
  start_mariadb
  [[ $(sql <<<'SELECT VERSION()') == *MariaDB* ]] ||
    fail 'the database server that answers is not MariaDB' "the agent's state is in MariaDB; docs/mysql.md says where a MySQL may be."
  keep_tables_in_place
  check_accounts_are_free
  sql <<<'CREATE DATABASE IF NOT EXISTS sculptor CHARACTER SET utf8mb4;
    CREATE DATABASE IF NOT EXISTS sculptor_door CHARACTER SET utf8mb4;
    CREATE TABLE IF NOT EXISTS sculptor.migration (name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
      PRIMARY KEY, sha256 CHAR(64) CHARACTER SET ascii NOT NULL, applied_at DATETIME(3) NOT NULL) ENGINE = InnoDB'
  migrate
  accounts_are_as_left || apply_all_again
  # Accounts begin without what is granted on the procedures, whose own file does that.
  is_applied accounts.sql || apply_procedures_again
  apply_again accounts.sql 'accounts of MariaDB and what they may'
  apply_again dialects/mariadb.sql 'what the door says to MariaDB'
  apply_again procedures.sql "the door to tenants' databases"
  apply_again procedures-root.sql "root's side of that door"
  accounts_now | ensure_file "$accounts_left" 0600 root:root
  [ -n "$mysql_socket" ] || note_credential <<<"{\"socketPath\": \"$socket\", \"user\": \"sculptor\"}"
}

# How sculptor logs in to the server that tenants' databases are on.
note_credential() {
  ensure_file "$credential" 0600 sculptor:sculptor
  [ "$outcome" = unchanged ] || wants_restart worker-privileged
}

# sql <STATEMENTS: nothing of them is in any argument list.
sql() {
  mariadb --user=root --socket="$socket" --batch --skip-column-names --default-character-set=utf8mb4 \
    --init-command="SET SESSION sql_mode = 'TRADITIONAL', time_zone = '+00:00'" "$@" 2>"$work/words"
}

answers_sql() {
  sql <<<"SELECT 1" >/dev/null
}

start_mariadb() {
  local program=sculptor-mariadb
  # Ours if it was put there before, or if nothing else runs it.
  if [ "$mode" = supervisor ] && { [ -e "/etc/supervisor/conf.d/$program.conf" ] || ! pgrep -x 'mariadbd|mysqld' >/dev/null; }; then
    put_program "$program" "$tree/systemd/supervisor/mariadb.conf"
    start_supervisor
    wait_for 30 is_running "$program" || fail 'MariaDB does not stay up; /var/log/supervisor/sculptor-mariadb.log tells more'
  fi
  if ! just_started "$program" && wait_for 0 answers_sql; then
    line unchanged 'MariaDB is running'
    return 0
  fi
  if [ "$mode" = systemd ]; then
    try systemctl enable mariadb.service
    try systemctl start mariadb.service
  fi
  wait_for 60 answers_sql || { words && fail 'MariaDB does not let root in'; }
  line created 'MariaDB is running'
}

# Supervisor starts its program again by itself.
keep_mariadb_up() {
  [ "$mode" = systemd ] || return 0
  ensure_dir "$units/mariadb.service.d" 0755 root:root
  put_unit mariadb.service.d/10-sculptor.conf "$tree/systemd/mariadb-service.conf"
  reload_units
}

# A tenant's table lies in the tenant's database and nowhere else; see systemd/mariadb.cnf.
keep_tables_in_place() {
  if [ "$(sql <<<'SELECT @@have_symlink')" != YES ]; then
    line unchanged 'MariaDB keeps tables in their place'
    return 0
  fi
  if [ "$mode" = systemd ]; then
    try systemctl restart mariadb.service
  elif is_running sculptor-mariadb; then
    try supervisorctl restart sculptor-mariadb
  else
    fail 'MariaDB runs without skip-symbolic-links' 'restart it, so that it reads /etc/mysql anew, and run this again.'
  fi
  wait_for 60 answers_sql || { words && fail 'MariaDB does not come back after a restart'; }
  [ "$(sql <<<'SELECT @@have_symlink')" != YES ] ||
    fail 'MariaDB does not read /etc/mysql/mariadb.conf.d/90-sculptor.cnf' 'include that folder in its configuration.'
  line changed 'MariaDB keeps tables in their place, and was restarted for it'
}

# Accounts and schemas that somebody else made under these names are theirs.
check_accounts_are_free() {
  local found
  found=$(sql <<<"SELECT GROUP_CONCAT(user) FROM mysql.global_priv WHERE user IN ('sculptor', 'sculptor_door', 'www-data')
    AND NOT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = 'sculptor' AND table_name = 'migration')")
  [ "$found" = NULL ] || [ -z "$found" ] || fail "MariaDB has accounts already that the agent needs: $found" \
    'rename or drop them, then run this again.'
}

migrate() {
  local file name
  [ -z "$migrated" ] || return 0
  migrated=1
  for file in "$tree"/state/migrations/*.sql; do
    name=${file##*/}
    if [ -n "$(applied "$name")" ]; then
      line unchanged "migration $name"
    else
      apply "$file" sculptor
      line created "migration $name"
    fi
  done
}

# apply_again FILE WHAT: put in place anew when the file is another one than last time.
apply_again() {
  local word=created
  if is_applied "$1"; then
    line unchanged "$2"
    return 0
  fi
  [ -z "$(applied "$1")" ] || word=changed
  apply "$tree/state/$1" "$schema"
  line "$word" "$2"
}

accounts_left=$own/mariadb-accounts

# What somebody granted, took away or put in the place of a procedure since is put right.
accounts_are_as_left() {
  [ ! -e "$accounts_left" ] || accounts_now | cmp -s - "$accounts_left"
}

# Read from the tables: SHOW GRANTS has no order.
accounts_now() {
  local own="user IN ('www-data', 'sculptor', 'sculptor_door')"
  sql <<<"SELECT user, host, JSON_VALUE(priv, '\$.access'), JSON_VALUE(priv, '\$.plugin'),
      JSON_VALUE(priv, '\$.authentication_string'), JSON_VALUE(priv, '\$.account_locked') FROM mysql.global_priv WHERE $own ORDER BY 1, 2;
    SELECT * FROM mysql.db WHERE $own ORDER BY 1, 2, 3;
    SELECT user, host, db, table_name, table_priv, column_priv FROM mysql.tables_priv WHERE $own ORDER BY 1, 2, 3, 4;
    SELECT user, host, db, table_name, column_name, column_priv FROM mysql.columns_priv WHERE $own ORDER BY 1, 2, 3, 4, 5;
    SELECT user, host, db, routine_name, routine_type, proc_priv FROM mysql.procs_priv WHERE $own ORDER BY 1, 2, 3, 4, 5;
    SELECT name, definer, security_type, SHA2(CONCAT(param_list, body), 256) FROM mysql.proc WHERE db = 'sculptor_door' ORDER BY 1" |
    sha256sum
}

apply_all_again() {
  sql <<<"UPDATE sculptor.migration SET sha256 = '' WHERE name = 'accounts.sql'"
  apply_procedures_again
}

apply_procedures_again() {
  sql <<<"UPDATE sculptor.migration SET sha256 = 'outdated' WHERE name IN ('dialects/mariadb.sql', 'procedures.sql', 'procedures-root.sql')"
}

applied() {
  sql <<<"SELECT sha256 FROM $marks WHERE name = '$1'"
}

is_applied() {
  [ "$(applied "$1")" = "$(digest_of "$tree/state/$1")" ]
}

# apply FILE SCHEMA
apply() {
  local name=${1#"$tree/state/"}
  in_its_words <"$1" | sql "$2" || { words && fail "$name was refused"; }
  sql <<<"REPLACE INTO $marks VALUES ('${name#migrations/}', '$(digest_of "$1")', UTC_TIMESTAMP(3))"
}

# MySQL replaces no procedure. That there is none for a moment, a worker that asks in it is told to ask again.
in_its_words() {
  [ "$dialect" = mysql ] || { cat && return; }
  sed -E "s#^CREATE OR REPLACE (DEFINER = '[a-z_]+'@'localhost') (PROCEDURE|FUNCTION) (sculptor_door\.[a-z_]+)\(#DROP \2 IF EXISTS \3 //\nCREATE \1 \2 \3(#"
}

digest_of() {
  sha256sum <"$1" | cut -d' ' -f1
}

token_file=/etc/sculptor/admin-token

# Made once: whoever takes the file away knows why, so its token alone decides; one that was revoked is replaced. A tenant
# may call a token of its own the same.
install_token() {
  local id sha256
  [ ! -e "$token_file" ] || ensure_rights "$token_file" 0600 root:root
  if [ -n "$(sql <<<"SELECT t.id FROM sculptor.token t LEFT JOIN sculptor.token_revocation r ON r.token_id = t.id
    WHERE t.role = 'administrator' AND t.name = 'installation' AND r.token_id IS NULL LIMIT 1")" ]; then
    line unchanged "the administrator's token is known to the API"
    return 0
  fi
  [ -s "$token_file" ] || { printf 'sculptor_' && random_text; } | ensure_file "$token_file" 0600 root:root
  text_is_its_own "$token_file"
  id=t$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n' | cut -c1-11)
  sha256=$(tr -d '\n' <"$token_file" | sha256sum | cut -d' ' -f1)
  if [ -n "$(sql <<<"SELECT id FROM sculptor.token WHERE sha256 = '$sha256'")" ]; then
    line unchanged "the administrator's token in $token_file is revoked; remove the file for another"
    return 0
  fi
  sql <<<"INSERT INTO sculptor.token (id, sha256, role, name) VALUES ('$id', '$sha256', 'administrator', 'installation')"
  line created "the administrator's token is known to the API"
}
