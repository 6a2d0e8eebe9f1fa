# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# What must be so before anything is changed, and the question whether it may be.

own=/var/lib/sculptor-root
units=/etc/systemd/system

check_machine() {
  [ "$(id -u)" = 0 ] || refuse 'This is for root: run it as root, or with sudo.'
  check_distribution
  check_writable
  check_architecture
  take_lock
  check_not_older
  mode=supervisor
  [ ! -d /run/systemd/system ] || mode=systemd
  check_ports
  check_nginx_is_free
  check_php_is_free
  check_users
  choose_name
}

check_distribution() {
  local id version pretty
  # shellcheck source=/dev/null
  read -r id version pretty < <(. /etc/os-release && echo "${ID:-?} ${VERSION_ID:-9999} ${PRETTY_NAME:-this system}")
  case $id in
    debian) [ "${version%%.*}" -ge 12 ] && return 0 ;;
    ubuntu) [ "${version%%.*}" -ge 22 ] && return 0 ;;
  esac
  refuse "Sculptor Agent runs on Debian 12 or later and Ubuntu 22.04 or later; this is $pretty."
}

check_writable() {
  local folder probe
  for folder in /etc /usr/lib /usr/local/bin /var/lib /home; do
    probe=$(mktemp "$folder/.sculptor.XXXXXXXX" 2>/dev/null) ||
      refuse "Nothing can be written to $folder: mount it read-write first."
    rm -f "$probe"
  done
}

check_architecture() {
  case $(dpkg --print-architecture) in
    amd64 | arm64) ;;
    *) refuse "Sculptor Agent runs on amd64 and arm64; this is $(dpkg --print-architecture)." ;;
  esac
}

take_lock() {
  exec {lock}>/run/sculptor-install.lock
  flock --nonblock "$lock" || refuse 'Another installation is running; wait for its end.'
}

# Whoever holds a port that nginx needs must go first, by a person's decision.
check_ports() {
  local port holder
  for port in 80 443; do
    holder=$(holder_of "$port")
    case $holder in
      '' | nginx) ;;
      *) refuse "Port $port is held by $holder, and nginx needs it: stop and disable that, then run this again." ;;
    esac
  done
}

# The name of the program that listens on a TCP port, as the kernel's tables have it: ss may not be installed.
holder_of() {
  local hex inode pid
  hex=$(printf ':%04X' "$1")
  # shellcheck disable=SC2013 # numbers
  for inode in $(awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null); do
    for pid in /proc/[0-9]*; do
      if find "$pid/fd" -maxdepth 1 -lname "socket:\[$inode\]" 2>/dev/null | grep -q .; then
        cat "$pid/comm"
        return 0
      fi
    done
    echo 'another program'
    return 0
  done
}

# nginx will run with the agent's configuration, so sites that it serves already would vanish.
check_nginx_is_free() {
  local file
  [ ! -e /etc/nginx/sculptor/nginx.conf ] || return 0
  for file in /etc/nginx/sites-enabled/* /etc/nginx/conf.d/*.conf; do
    case ${file##*/} in
      default | '*' | '*.conf') ;;
      *) refuse "nginx serves sites of its own here ($file): Sculptor Agent wants a server without." ;;
    esac
  done
}

# A pool that runs as www-data would have the API's identity.
check_php_is_free() {
  local file
  for file in /etc/php/*/fpm/pool.d/*.conf; do
    [ -e "$file" ] || continue
    [ "${file##*/}" = www.conf ] ||
      refuse "php-fpm serves pools of its own here ($file): Sculptor Agent wants a server without."
  done
}

check_users() {
  local user shell
  for user in www nginx sculptor; do
    getent passwd "$user" >/dev/null || continue
    shell=$(getent passwd "$user" | cut -d: -f7)
    case $shell in
      */nologin | */false) ;;
      *) refuse "There is a user $user who can log in ($shell): Sculptor Agent needs that name for itself." ;;
    esac
    [ "$(passwd -S "$user" | cut -d' ' -f2)" = L ] ||
      refuse "There is a user $user with a password: Sculptor Agent needs that name for itself."
  done
  if [ ! -e "$own" ] && [ -n "$(ls -A /home/www 2>/dev/null)" ]; then
    refuse 'There is something in /home/www already: Sculptor Agent needs that folder for itself.'
  fi
}

# Chosen once: later runs keep it, unless told.
choose_name() {
  server_name=$name
  [ -n "$server_name" ] || server_name=$(fact serverName)
  [ -n "$server_name" ] || server_name=$(hostname -f 2>/dev/null || hostname)
  server_name=${server_name,,}
  [[ $server_name =~ ^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$ ]] ||
    refuse "\"$server_name\" is not a host name: give one with --name NAME."
}

# fact NAME: a text that an earlier run wrote into agent.json.
fact() {
  [ -e /etc/sculptor/agent.json ] || return 0
  sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" /etc/sculptor/agent.json
}

ask() {
  local answer
  cat <<TEXT
Sculptor Agent is about to be installed on $server_name, where sites will be served from then on:
  - packages of the distribution: nginx, PHP, MariaDB, Redis, Supervisor, sudo and what they need
  - users www, nginx and sculptor, without password and shell; sculptor may run one program as root
  - nginx with a configuration of its own on ports 80 and 443; the distribution's PHP pool is switched off
  - a firewall that lets in ssh, http and https, beside what else there is of rules
  - the agent in /usr/lib/sculptor, its settings in /etc/sculptor, its state in MariaDB, sites in /home/www
TEXT
  if [ -z "$yes" ]; then
    [ -t 0 ] || refuse 'There is nobody to ask: say --yes if this is what you want.'
    read -r -p 'Go on? [y/N] ' answer
    case $answer in [yY] | [yY][eE][sS]) ;; *) refuse 'Nothing was changed.' ;; esac
  fi
  echo
}
