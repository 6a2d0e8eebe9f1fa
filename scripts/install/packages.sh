# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Packages of the distribution, and those among its services that should not run as they come.

packages=(
  nginx
  php-fpm php-cli php-mysql php-curl php-gd php-mbstring php-xml php-zip php-intl php-bcmath php-redis
  mariadb-server mariadb-client redis-server supervisor
  certbot sudo curl openssl ca-certificates logrotate procps iproute2 cron openssh-server
  unattended-upgrades nftables
)

install_packages() {
  local package missing=()
  forget_start_policy
  # Where systemd is not, its tool for accounts may be missing too.
  command -v systemd-sysusers >/dev/null || packages+=(systemd-standalone-sysusers)
  for package in "${packages[@]}"; do
    if is_installed "$package"; then line unchanged "package $package"; else missing+=("$package"); fi
  done
  [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
  for package in "${missing[@]}"; do line created "package $package"; done
  switch_off_defaults
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Noted before: a run that breaks off here is taken up by the next one.
apt_install() {
  hint='Look whether apt-get itself works here (apt-get update), then run this again.'
  install -d -m 0700 "$own" "$own/once" "$own/packages"
  touch "${@/#/$own/packages/}"
  refresh_lists
  deny_starts
  try_apt install --no-install-recommends "$@"
  forget_start_policy
}

# --no-remove: what is here stays, even where a package of ours cannot live beside it.
try_apt() {
  mend_packages
  apt_get --no-remove "$@" && return 0
  words
  fail 'apt-get could not install what is needed'
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l NEEDRESTART_SUSPEND=1 apt-get -q -y -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" >"$work/words" 2>&1 </dev/null {lock}>&-
}

# What a run that was killed in the middle of this has left; it may need a second look.
mend_packages() {
  [ -n "$(dpkg --audit)" ] || return 0
  DEBIAN_FRONTEND=noninteractive dpkg --force-confold --configure -a >"$work/words" 2>&1 </dev/null {lock}>&- || true
  apt_get --no-remove --no-install-recommends --fix-broken install && return 0
  words
  fail 'a package is half installed, and apt-get cannot mend that'
}

# Without a network the lists that are here, and the packages that lie in apt's cache, may do.
refresh_lists() {
  apt-get -q update -o DPkg::Lock::Timeout=300 >"$work/words" 2>&1 && return 0
  find /var/lib/apt/lists -name '*Packages*' -print -quit 2>/dev/null | grep -q . && return 0
  words
  fail '"apt-get update" ended with an error'
}

start_policy=/usr/sbin/policy-rc.d
start_policy_mark='# of the installation of Sculptor Agent'

# nginx on its default site, Redis on a TCP port and a PHP pool of www-data shall not start, not even once.
deny_starts() {
  local names='nginx | redis-server | php*-fpm'
  # Supervisor shall run it, then and after a restart.
  [ "$mode" = systemd ] || names="$names | mariadb | mysql | cron | ssh"
  [ ! -e $start_policy ] || return 0
  at_exit+=(forget_start_policy)
  cat >$start_policy <<TEXT
#!/bin/sh
$start_policy_mark
case \${1%.service} in $names) exit 101 ;; esac
exit 0
TEXT
  chmod 0755 $start_policy
}

forget_start_policy() {
  ! grep -qsxF "$start_policy_mark" $start_policy || rm -f $start_policy
}

# Only what came by us: a Redis that was here before is somebody's.
switch_off_defaults() {
  local unit
  [ "$mode" = systemd ] || return 0
  if [ -e "$own/packages/redis-server" ]; then
    once redis-server-off "the distribution's Redis on TCP is off" systemctl disable --now redis-server.service
  fi
  for unit in /usr/lib/systemd/system/php*-fpm.service /lib/systemd/system/php*-fpm.service; do
    [ ! -e "$unit" ] || mask "${unit##*/}"
  done
}

mask() {
  [ -z "${masked[$1]:-}" ] || return 0
  masked[$1]=1
  if [ "$(readlink "$units/$1")" = /dev/null ]; then
    line unchanged "the distribution's pool of $1, which runs as www-data, is off"
    return 0
  fi
  try systemctl mask --now "$1"
  line changed "the distribution's pool of $1, which runs as www-data, is off"
}
declare -A masked=()

temporary=$own/temporary-packages

# npm is large and only wanted now and then: where it is not here, it comes for the time of the installation.
need_npm() {
  command -v npm >/dev/null && return 0
  hint='Look whether apt-get can install npm here, then run this again.'
  local before=$work/packages-before
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' >"$before"
  refresh_lists
  note_temporary "$before"
  try_apt install --no-install-recommends npm
  line created 'npm, for the time of the installation'
}

# What apt would install now, noted before it does: a run that is interrupted leaves the list.
note_temporary() {
  apt-get install --simulate -q -y --no-install-recommends npm 2>/dev/null |
    awk '$1 == "Inst" { print $2 }' | sort -u | grep -vxFf "$1" >>"$temporary" || true
}

remove_temporary_packages() {
  local package gone=()
  [ -s "$temporary" ] || { rm -f "$temporary" && return 0; }
  while read -r package; do
    ! is_installed "$package" || gone+=("$package")
  done <"$temporary"
  mend_packages
  [ ${#gone[@]} = 0 ] || apt_get purge "${gone[@]}" || { words && fail 'apt-get could not remove npm'; }
  rm -f "$temporary"
  line changed "npm, and the ${#gone[@]} packages that came with it, are gone again"
}
