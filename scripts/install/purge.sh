# shellcheck shell=bash disable=SC2034,SC2154 # the parts of uninstall.sh share their variables
# What only --purge removes: sites, users, databases, state. Packages stay, and run as the distribution has them.

purge_all() {
  step 'sites' purge_sites
  step 'MariaDB' purge_databases
  step 'nginx' purge_nginx
  step 'settings and users' purge_rest
  cat <<'TEXT'

The packages stay, and MariaDB goes on as it runs now. What was switched off for the agent stays off; to have it as
the distribution brings it: systemctl enable --now nginx redis-server; systemctl unmask phpX.Y-fpm
TEXT
}

purge_sites() {
  local folder
  purge_programs
  for folder in /etc/sculptor/sites/*/; do purge_site "$(basename "$folder")"; done
  ensure_gone /home/www 'the folders of the sites'
  purge_users
}

purge_programs() {
  if [ "$mode" = systemd ]; then
    try systemctl disable --now sculptor-supervisor.service
    ensure_gone "$units/sculptor-supervisor.service" "the Supervisor of the sites' programs"
  else
    rm -f /etc/supervisor/conf.d/sculptor-part-*.conf
    reread_programs
  fi
  ensure_gone /usr/lib/sculptor /usr/lib/sculptor/
}

purge_site() {
  local id=$1 kind
  if [ "$mode" = systemd ]; then
    rm -f "$units/sockets.target.wants/sculptor-relay@$id.socket"
    try systemctl stop "sculptor-relay@$id.socket" "sculptor-relay@$id.service"
    for kind in sculptor-php sculptor-php-pool; do
      rm -f "$units/sockets.target.wants/$kind@$id.socket"
      try systemctl stop "$kind@$id.socket" "$kind@$id.service" "$kind-next@$id.service"
    done
    try systemctl stop "sculptor-$id.slice"
    # What its tenant's plan let it take; systemd wrote it down when it was set.
    rm -rf "/etc/systemd/system.control/sculptor-$id.slice.d"
  else
    rm -f "/etc/supervisor/conf.d/sculptor-php-$id.conf" "/etc/supervisor/conf.d/sculptor-relay-$id.conf"
    reread_programs
  fi
  rm -f "/etc/nginx/sculptor/sites/$id.conf"
  line changed "site $id is stopped"
}

reread_programs() {
  ! supervisorctl pid >/dev/null 2>&1 </dev/null || { try supervisorctl reread && try supervisorctl update; }
}

# Every user that the agent ever made, the locked ones of removed sites too.
purge_users() {
  local user gone=0
  for user in $(getent passwd | cut -d: -f1 | grep -E '^s-[a-z][a-z0-9]{11}$'); do
    pkill -KILL -u "$user" || true
    try userdel "$user"
    ! getent group "$user" >/dev/null || try groupdel "$user"
    gone=$((gone + 1))
  done
  line changed "$gone users of sites are gone"
}

purge_databases() {
  local mysql
  mysql=$(fact mysqlSocket)
  mysql=${mysql#null}
  hint='MariaDB must run and let root in, and so must MySQL where tenants have one; then run this again.'
  if [ -n "$mysql" ]; then
    purge_databases_at "$mysql"
    try mariadb --user=root --socket="$mysql" --execute "DROP USER IF EXISTS 'sculptor'@'localhost', 'sculptor_door'@'localhost';
      DROP DATABASE IF EXISTS sculptor_door"
    line changed "the agent's door in MySQL is gone"
  fi
  purge_databases_at /run/mysqld/mysqld.sock
  try mariadb --user=root --execute "DROP USER IF EXISTS 'www-data'@'localhost', 'sculptor'@'localhost', 'sculptor_door'@'localhost'"
  try mariadb --user=root --execute 'DROP DATABASE IF EXISTS sculptor; DROP DATABASE IF EXISTS sculptor_door; DROP DATABASE IF EXISTS `sculptor-kept`'
  line changed "the agent's state in MariaDB is gone"
  ensure_gone /etc/mysql/mariadb.conf.d/90-sculptor.cnf "MariaDB's setting for tenants"
  [ "$mode" = systemd ] || return 0
  ensure_gone "$units/mariadb.service.d/10-sculptor.conf" 'the drop-in of MariaDB'
  rmdir --ignore-fail-on-non-empty "$units/mariadb.service.d" 2>/dev/null || true
}

purge_databases_at() {
  local name root=(mariadb --user=root "--socket=$1" --batch --skip-column-names)
  for name in $("${root[@]}" --execute 'SELECT name FROM sculptor_door.managed_user WHERE dropped_at IS NULL' 2>/dev/null); do
    try "${root[@]}" --execute "DROP USER IF EXISTS \`$name\`@\`localhost\`"
  done
  for name in $("${root[@]}" --execute 'SELECT name FROM sculptor_door.managed_database WHERE dropped_at IS NULL' 2>/dev/null); do
    try "${root[@]}" --execute "DROP DATABASE IF EXISTS \`$name\`"
    line changed "database $name is gone"
  done
}

purge_nginx() {
  if [ "$mode" = systemd ]; then
    try systemctl disable --now nginx.service
    ensure_gone "$units/nginx.service.d/sculptor.conf" 'the drop-in of nginx'
    rmdir --ignore-fail-on-non-empty "$units/nginx.service.d" 2>/dev/null || true
  else
    ensure_gone /etc/supervisor/conf.d/sculptor-nginx.conf "nginx's program"
    reread_programs
  fi
  ensure_gone /etc/nginx/sculptor /etc/nginx/sculptor/
  ensure_gone /var/lib/sculptor-nginx /var/lib/sculptor-nginx/
}

purge_rest() {
  local path user
  for path in "$units"/sculptor-php{,-pool}{,-next}@.* "$units"/sculptor-relay@.* "$units/sculptor-.slice.d" "$units/sculptor.slice.d" \
    "$units/sculptor-run@.service" /etc/cron.d/sculptor{,-*} /etc/supervisor/conf.d/sculptor-cron.conf \
    "$units/supervisor.service.d/sculptor.conf" "$units/cron.service.d/sculptor.conf" \
    /etc/tmpfiles.d/sculptor.conf /etc/sysusers.d/sculptor.conf /etc/logrotate.d/sculptor /etc/sculptor \
    /var/lib/sculptor /var/lib/sculptor-root /var/lib/sculptor-php /var/lib/sculptor-relay /var/lib/sculptor-mail \
    /var/lib/sculptor-acme /var/log/sculptor \
    /run/sculptor /run/sculptor-executor /run/sculptor-probe /run/sculptor-php /run/sculptor-relay; do
    ensure_gone "$path" "$path"
  done
  [ "$mode" = supervisor ] || try systemctl daemon-reload
  for user in sculptor sculptor-cache sculptor-mail sculptor-acme nginx www; do
    ! getent passwd "$user" >/dev/null || try userdel "$user"
    ! getent group "$user" >/dev/null || try groupdel "$user"
  done
  ! getent group sculptor-queue >/dev/null || try groupdel sculptor-queue
  line changed 'the users sculptor, sculptor-cache, sculptor-mail, sculptor-acme, nginx and www are gone'
}
