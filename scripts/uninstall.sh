#!/bin/bash
# Takes Sculptor Agent off this machine. The sites stay and go on being served, with their databases, also after a
# reboot; --purge removes them too.
set -Eeuo pipefail
shopt -s lastpipe nullglob
umask 022
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=uninstall.sh

# shellcheck source=scripts/install/report.sh
. "$here/install/report.sh"
# shellcheck source=scripts/install/ensure.sh
. "$here/install/ensure.sh"
# shellcheck source=scripts/install/checks.sh
. "$here/install/checks.sh"
# shellcheck source=scripts/install/purge.sh
. "$here/install/purge.sh"

usage() {
  cat <<'TEXT'
Usage: uninstall.sh [--purge] [--yes]

Takes the agent away: its services, code, settings and its right to sudo. Sites, their users and databases stay, and
so does what serves them: nginx with its configuration, a php-fpm for each site. install.sh takes them up again.

--purge  remove the sites, their users and databases, and the agent's state as well
--yes    do not ask
TEXT
}

parse() {
  purge='' yes=''
  while [ $# -gt 0 ]; do
    case $1 in
      --purge) purge=1 ;;
      --yes) yes=1 ;;
      --help | -h) usage && exit 0 ;;
      *)
        printf 'uninstall.sh: unknown argument %s\n\n' "$1" >&2
        usage >&2
        exit 2
        ;;
    esac
    shift
  done
}

confirm() {
  local answer
  if [ -n "$purge" ]; then
    echo "This removes the agent and, for good, every site ($(site_count) here) with its files, its user and its databases."
  else
    echo "This removes the agent. The sites ($(site_count) here) stay and go on being served."
  fi
  [ -z "$yes" ] || return 0
  [ -t 0 ] || refuse 'There is nobody to ask: say --yes if this is what you want.'
  read -r -p 'Go on? [y/N] ' answer
  case $answer in [yY] | [yY][eE][sS]) ;; *) refuse 'Nothing was changed.' ;; esac
}

site_count() {
  find /etc/sculptor/sites -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l
}

stop_services() {
  local unit
  if [ "$mode" = supervisor ]; then
    ensure_gone /etc/supervisor/conf.d/sculptor.conf "the agent's programs"
    ensure_gone /etc/supervisor/conf.d/sculptor-cache.conf "the sites' caches"
    ensure_gone /etc/supervisor/conf.d/sculptor-sshd.conf "the sites' sshd"
    ! supervisorctl pid >/dev/null 2>&1 </dev/null || { try supervisorctl reread && try supervisorctl update; }
    return 0
  fi
  for unit in sculptor-api.service sculptor-worker-privileged.service sculptor-worker-unprivileged.service \
    sculptor-executor.socket sculptor-executor.service sculptor-redis.service sculptor-cache-keeper.service sculptor-cache.service \
    sculptor-mailer.service sculptor-notify.service sculptor-notify.socket \
    sculptor-firewall-undo.timer sculptor-firewall-undo.service sculptor-firewall-ports.service sculptor-firewall.service; do
    [ ! -e "$units/$unit" ] || try systemctl disable --now "$unit"
    ensure_gone "$units/$unit" "$unit"
  done
  ensure_gone "$units/sculptor-api.service.d" "the API's port"
  ensure_gone "$units/sculptor-certbot@.service" 'sculptor-certbot@.service'
  ensure_gone "$units/sculptor-replaced.service" 'sculptor-replaced.service'
  ensure_gone "$units/sculptor-look-around.service" 'sculptor-look-around.service'
  ensure_gone /run/sculptor-bans 'who was seen to be here by ssh'
  ensure_gone "$units/sculptor-pending-updates.service" 'sculptor-pending-updates.service'
  ensure_gone "$units/sculptor-upgrade@.service" 'sculptor-upgrade@.service'
  ensure_gone "$units/sculptor-disk-quota.service" 'sculptor-disk-quota.service'
  open_firewall
  try systemctl daemon-reload
}

# Our table, and none of anybody else's.
open_firewall() {
  if nft list table inet sculptor >/dev/null 2>&1; then
    try nft delete table inet sculptor
    line changed 'the rules of the firewall'
  else
    line unchanged 'the rules of the firewall'
  fi
  ensure_gone "$units/nftables.service.d/sculptor.conf" 'the drop-in of nftables'
  rmdir --ignore-fail-on-non-empty "$units/nftables.service.d" 2>/dev/null || true
  ensure_gone /etc/sculptor/firewall 'the settings of the firewall'
}

remove_files() {
  local path
  ensure_gone /etc/sudoers.d/sculptor 'the right to sudo'
  close_ssh
  close_jails
  close_updates
  ensure_gone /usr/local/bin/sculptorctl /usr/local/bin/sculptorctl
  for path in /usr/lib/sculptor/*; do
    # The sites' programs go on, and are started through it.
    case $path in
      /usr/lib/sculptor/launch | /usr/lib/sculptor/launch-once | /usr/lib/sculptor/end-program) ;;
      *) ensure_gone "$path" "the agent's code: $path" ;;
    esac
  done
  for path in /etc/php/*/cli/conf.d/90-sculptor-mail.ini; do ensure_gone "$path" "PHP's way to the mailer"; done
  ensure_gone /etc/sculptor/mail 'the password of the mail host'
  ensure_gone /etc/sculptor/secrets "Redis's passwords"
  ensure_gone /etc/sculptor/redis.acl "Redis's accounts"
  ensure_gone /etc/sculptor/redis.conf "Redis's settings"
  ensure_gone /var/lib/sculptor-redis "Redis's memory"
  ensure_gone /etc/sculptor/cache/redis.conf "the settings of the sites' caches"
  ensure_gone /var/lib/sculptor/mariadb.json "MariaDB's credential"
  ensure_gone "$own/installed" 'the list of what was installed'
  ensure_gone /run/sculptor/api.sock "the API's socket"
}

# What installs itself is the distribution's own choice again, and asks nobody.
close_updates() {
  ensure_gone /etc/apt/apt.conf.d/99-sculptor-updates "apt's settings"
  ensure_gone /etc/dpkg/dpkg.cfg.d/sculptor-updates "dpkg's settings"
  ensure_gone /run/sculptor-updates 'the mark of an update'
  [ "$mode" = systemd ] || return 0
  ensure_gone "$units/apt-daily-upgrade.service.d" 'the drop-in of apt-daily-upgrade.service'
  try systemctl daemon-reload
}

# Whom they keep off, they let in again.
close_jails() {
  local file
  for file in jail.d/00-sculptor.conf jail.d/sculptor.conf jail.d/sculptor.local filter.d/sculptor-api.conf filter.d/sculptor-sshd.conf; do
    ensure_gone "/etc/fail2ban/$file" "fail2ban's $file"
  done
  [ "$mode" != systemd ] || ! systemctl is-active --quiet fail2ban.service || try systemctl reload-or-restart fail2ban.service
}

# Nobody sees to the sites' keys any more: they let nobody in from now on.
close_ssh() {
  ensure_gone /etc/ssh/sshd_config.d/00-sculptor.conf 'SFTP of the sites'
  ensure_gone /etc/sculptor/keys "the sites' keys"
  [ "$mode" != systemd ] || ! systemctl is-active --quiet ssh.service || try systemctl reload ssh.service
}

# The API's name is closed like every unknown one.
close_api() {
  [ -e /etc/nginx/sculptor/agent/api.conf ] || { line unchanged 'the API in nginx' && return 0; }
  rm -f /etc/nginx/sculptor/agent/api.conf
  try nginx -t -q -c /etc/nginx/sculptor/nginx.conf
  [ ! -s /run/nginx.pid ] || try nginx -c /etc/nginx/sculptor/nginx.conf -s reload
  line changed 'the API is gone from nginx'
}

# The accounts of the processes that are no more; the state stays for a later installation.
lock_accounts() {
  local account what="MariaDB's accounts of the API and the worker" found mysql
  hint='MariaDB must run and let root in, and so must MySQL where tenants have one; then run this again.'
  mysql=$(fact mysqlSocket)
  if [ -n "${mysql#null}" ]; then
    try mariadb --user=root --socket="$mysql" --execute "DROP USER IF EXISTS 'sculptor'@'localhost'; DELETE FROM sculptor_door.applied"
    line changed "MySQL's account of the worker is gone"
  fi
  found=$(mariadb --user=root --batch --skip-column-names \
    --execute "SELECT COUNT(*) FROM mysql.global_priv WHERE user IN ('www-data', 'sculptor')")
  [ "$found" != 0 ] || { line unchanged "$what are gone" && return 0; }
  for account in www-data sculptor; do
    try mariadb --user=root --execute "DROP USER IF EXISTS '$account'@'localhost'"
  done
  try mariadb --user=root --execute "UPDATE sculptor.migration SET sha256 = '' WHERE name = 'accounts.sql'"
  line changed "$what are gone"
}

tell_rest() {
  cat <<'TEXT'

What stays: the sites in /home/www and how they are served (nginx with /etc/nginx/sculptor, a php-fpm for each,
/etc/sculptor/sites and hosts), their users and databases, the agent's state in MariaDB, its trash, its registry and
the dumps of the state in /var/lib/sculptor-root, mail that waits in /var/lib/sculptor-mail, the administrator's token, and the packages. Sites send
no mail meanwhile. `install.sh` takes all of it up again;
`uninstall.sh --purge` from the same tree removes it.
TEXT
}

main() {
  parse "$@"
  [ "$(id -u)" = 0 ] || refuse 'This is for root: run it as root, or with sudo.'
  mode=supervisor
  [ ! -d /run/systemd/system ] || mode=systemd
  [ -e /etc/sculptor ] || [ -e /usr/lib/sculptor ] || { echo 'Sculptor Agent is not here: nothing to do.' && exit 0; }
  take_lock
  confirm
  step 'services' stop_services
  step 'nginx' close_api
  step 'files' remove_files
  [ -n "$purge" ] || step 'MariaDB' lock_accounts
  if [ -n "$purge" ]; then purge_all; else tell_rest; fi
}

main "$@"
