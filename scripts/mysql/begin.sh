#!/bin/bash
# In a throwaway server: starts the MySQL that lies in /opt/mysql as a service, as an administrator has one beside MariaDB,
# tells the agent of it, and runs a command.
set -euo pipefail

mysql=/opt/mysql
socket=/run/mysql/mysqld.sock
server=("$mysql/lib64/ld-linux-x86-64.so.2" --library-path "$mysql/usr/lib/x86_64-linux-gnu:$mysql/usr/lib/mysql/private"
  "$mysql/usr/sbin/mysqld" --no-defaults "--basedir=$mysql/usr" "--lc-messages-dir=$mysql/usr/share/mysql"
  "--plugin-dir=$mysql/usr/lib/mysql/plugin" --datadir=/var/lib/mysql-tenants/data --secure-file-priv=NULL
  --innodb-buffer-pool-size=64M)

# root is root of the operating system, from the first start on.
install -d -o mysql -g mysql -m 0700 /var/lib/mysql-tenants
setpriv --reuid=mysql --regid=mysql --clear-groups "${server[@]}" --initialize-insecure 2>/var/log/mysql-tenants.log
systemd-run --quiet --unit=mysql-tenants --property=User=mysql --property=RuntimeDirectory=mysql -- "${server[@]}" \
  "--socket=$socket" "--pid-file=/run/mysql/mysqld.pid" --skip-networking --mysqlx=OFF --plugin-load-add=auth_socket.so \
  --log-bin-trust-function-creators=ON
until mariadb --no-defaults --user=root --socket="$socket" --execute 'ALTER USER root@localhost IDENTIFIED WITH auth_socket' \
  2>/dev/null; do
  systemctl is-active --quiet mysql-tenants || { journalctl --unit=mysql-tenants >&2 && exit 1; }
  sleep 0.2
done

cat >/usr/local/bin/mysqldump <<TEXT
#!/bin/sh
exec $mysql/lib64/ld-linux-x86-64.so.2 --library-path $mysql/usr/lib/x86_64-linux-gnu $mysql/usr/bin/mysqldump "\$@"
TEXT
chmod 0755 /usr/local/bin/mysqldump
/usr/src/sculptor-agent/scripts/install.sh --yes --mysql "$socket" --mysqldump /usr/local/bin/mysqldump >/var/log/install-mysql.log 2>&1 ||
  { cat /var/log/install-mysql.log >&2 && exit 1; }
exec "$@"
