#!/bin/bash
# Puts Sculptor Agent on this machine. It can be run again at any time: it looks, changes what is different, and
# says of each thing whether it was created, changed or unchanged.
set -Eeuo pipefail
# What comes out of a pipe is put in place by this shell, which counts it.
shopt -s lastpipe
umask 022
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(dirname "$here")
program=install.sh

# shellcheck source=scripts/install/report.sh
. "$here/install/report.sh"
# shellcheck source=scripts/install/ensure.sh
. "$here/install/ensure.sh"
# shellcheck source=scripts/install/checks.sh
. "$here/install/checks.sh"
# shellcheck source=scripts/install/packages.sh
. "$here/install/packages.sh"
# shellcheck source=scripts/install/accounts.sh
. "$here/install/accounts.sh"
# shellcheck source=scripts/install/node.sh
. "$here/install/node.sh"
# shellcheck source=scripts/install/code.sh
. "$here/install/code.sh"
# shellcheck source=scripts/install/services.sh
. "$here/install/services.sh"
# shellcheck source=scripts/install/redis.sh
. "$here/install/redis.sh"
# shellcheck source=scripts/install/mariadb.sh
. "$here/install/mariadb.sh"
# shellcheck source=scripts/install/mysql.sh
. "$here/install/mysql.sh"
# shellcheck source=scripts/install/ssh.sh
. "$here/install/ssh.sh"
# shellcheck source=scripts/install/nginx.sh
. "$here/install/nginx.sh"
# shellcheck source=scripts/install/agent.sh
. "$here/install/agent.sh"
# shellcheck source=scripts/install/updates.sh
. "$here/install/updates.sh"
# shellcheck source=scripts/install/fail2ban.sh
. "$here/install/fail2ban.sh"
# shellcheck source=scripts/install/firewall.sh
. "$here/install/firewall.sh"
# shellcheck source=scripts/install/installed.sh
. "$here/install/installed.sh"

usage() {
  cat <<'TEXT'
Usage: install.sh [--demo] [--yes] [--name NAME] [--mysql SOCKET] [--mysqldump FILE]

Makes this machine a hosting server run by Sculptor Agent: Debian 12 or later, Ubuntu 22.04 or later, as root.
Run it again at any time, for instance to bring a newer tree in place.

--demo       afterwards make a website and a database over HTTP, and show what www-data cannot do
--yes        do not ask
--name NAME  the name under which the API answers on port 443 (default: this machine's own)
--mysql SOCKET
             tenants' databases are on the MySQL that listens there, and not on MariaDB; see docs/mysql.md.
             "none" is MariaDB again
--mysqldump FILE
             the mysqldump of that MySQL (default: /usr/bin/mysqldump)

What was said last time stays, unless it is said anew.
TEXT
}

parse() {
  demo='' yes='' name='' mysql_wanted='' mysql_dump=''
  while [ $# -gt 0 ]; do
    case $1 in
      --demo) demo=1 ;;
      --yes) yes=1 ;;
      --name)
        [ $# -gt 1 ] || misused '--name wants a name'
        name=$2
        shift
        ;;
      --mysql)
        [ $# -gt 1 ] || misused '--mysql wants the socket of a MySQL, or none'
        mysql_wanted=$2
        shift
        ;;
      --mysqldump)
        [ $# -gt 1 ] || misused '--mysqldump wants a file'
        mysql_dump=$2
        shift
        ;;
      --help | -h) usage && exit 0 ;;
      *) misused "unknown argument $1" ;;
    esac
    shift
  done
}

misused() {
  printf 'install.sh: %s\n\n' "$1" >&2
  usage >&2
  exit 2
}

main() {
  parse "$@"
  check_machine
  ask
  step 'distribution packages' install_packages
  step 'users and groups' install_accounts
  step 'folders' install_folders
  step 'Node.js' install_node
  step "the agent's code" install_code
  step 'where tenants have their databases' choose_databases
  step 'Redis' install_redis
  step "the sites' caches" install_cache
  step 'MariaDB' install_mariadb
  step 'MySQL' install_mysql
  step "the administrator's token" install_token
  step 'sudo' install_sudoers
  step "PHP's mail" install_sendmail
  step 'security updates' install_updates
  step 'nginx' install_nginx
  step 'SSH' install_ssh
  step 'fail2ban' install_fail2ban
  # From here on it is the new version that is started, whatever starts it.
  step 'what the agent knows of this server' install_facts
  step 'services' install_services
  step 'the firewall' install_firewall
  step 'whether the agent answers' check_answers
  step 'what was needed for the installation only' remove_temporary_packages
  step 'what was put in place' note_installed
  conclude
  [ -z "$demo" ] || "$here/demo.sh"
}

main "$@"
