# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Starting what should run, and restarting what was changed, with systemd or with Supervisor.

declare -A restart=() stopped=()
supervisor_changed=
units_changed=

# wants_restart SERVICE...: without `sculptor-`.
wants_restart() {
  local service
  for service in "$@"; do restart[$service]=1; done
}

install_services() {
  place_code
  case $mode in
    systemd) install_units ;;
    supervisor) install_programs ;;
  esac
}

install_units() {
  local unit service
  hint='journalctl -u UNIT tells more; run this again afterwards.'
  for unit in "$tree"/systemd/units/*; do
    unit=${unit##*/}
    # It is up already.
    [ "$unit" != sculptor-redis.service ] || continue
    [[ $unit != sculptor-firewall* ]] || can_filter || continue
    put_unit "$unit" "$tree/systemd/units/$unit"
    case $unit in sculptor-php*@.service) put_next "$unit" ;; esac
    service=${unit#sculptor-}
    service=${service%.service}
    [ "$outcome" = unchanged ] || wants_restart "${service/.socket/-socket}"
  done
  install_api_port
  ensure_dir "$units/sculptor-.slice.d" 0755 root:root
  # The later name wins, in whatever folder it is: systemd calls what a plan sets 50-, and root's own is override.
  rm -f "$units/sculptor-.slice.d/limits.conf"
  put_unit sculptor-.slice.d/10-limits.conf "$tree/systemd/site-limits.conf"
  ensure_dir "$units/sculptor.slice.d" 0755 root:root
  put_unit sculptor.slice.d/limits.conf "$tree/systemd/all-sites-limits.conf"
  install_supervisor
  hide_processes supervisor
  hide_processes cron
  reload_units
  start_unit cron.service cron
  [ -z "${restart[executor-socket]:-}" ] || try systemctl stop sculptor-executor.service
  # Those who share this socket stop with it, and are started below.
  [ -z "${restart[notify-socket]:-}" ] || try systemctl stop sculptor-notify.socket
  start_unit sculptor-notify.service notify
  start_sites_supervisor
  # Neither speaks to the other's former version: what the worker was at goes back in the queue, and the new one does it.
  [ -z "${restart[executor]:-}" ] || stop_unit sculptor-worker-privileged.service worker-privileged
  start_unit sculptor-executor.socket executor-socket
  # Its socket starts it; what runs of it is the old one.
  if [ -n "${restart[executor]:-}" ] && systemctl is-active --quiet sculptor-executor.service; then
    start_unit sculptor-executor.service executor
  fi
  for service in worker-privileged worker-unprivileged api mailer; do start_unit "sculptor-$service.service" "$service"; done
  refresh_caches
}

# They run while a site has one; the Redis forgets everything when it is restarted, so it is where it has to be.
refresh_caches() {
  local service
  for service in cache cache-keeper; do
    [ -n "${restart[$service]:-}" ] || continue
    unset "restart[$service]"
    if [ "$mode" = systemd ]; then
      systemctl is-active --quiet "sculptor-$service.service" || continue
      try systemctl restart "sculptor-$service.service"
    else
      is_running "sculptor-$service" >/dev/null 2>&1 || continue
      try supervisorctl restart "sculptor-$service"
    fi
    line changed "sculptor-$service was restarted"
  done
}

# The sites' programs have a Supervisor of their own; the distribution's, and its settings, stay as they are.
install_supervisor() {
  ensure_dir /etc/sculptor/supervised 0700 root:root
  ensure_file /etc/sculptor/supervisord.conf 0644 root:root <"$tree/systemd/supervisord.conf"
  [ "$outcome" = unchanged ] || wants_restart supervisor
}

# With it every program of every site would be started anew, so what runs stays until somebody says so.
start_sites_supervisor() {
  local unit=sculptor-supervisor.service
  if [ -n "${restart[supervisor]:-}" ] && systemctl is-active --quiet "$unit"; then
    unset 'restart[supervisor]'
    line changed "$unit: what runs is the old one, until you say: systemctl restart sculptor-supervisor"
  fi
  start_unit "$unit" supervisor
}

# hide_processes SERVICE: of the distribution, which may come later; what runs of it is started anew once.
hide_processes() {
  ensure_dir "$units/$1.service.d" 0755 root:root
  put_unit "$1.service.d/sculptor.conf" "$tree/systemd/own-processes.conf"
  if [ "$outcome" != unchanged ] && systemctl is-active --quiet "$1.service"; then
    reload_units
    try systemctl restart "$1.service"
    line changed "$1.service was restarted"
  fi
}

# The API has no network but where its port was opened.
install_api_port() {
  local drop_in=sculptor-api.service.d/port.conf
  ensure_dir "$units/sculptor-api.service.d" 0755 root:root
  if [ "$(fact apiPort)" = null ]; then
    [ ! -e "$units/$drop_in" ] || units_changed=1
    ensure_gone "$units/$drop_in" "the API's port is closed"
  else
    put_unit "$drop_in" "$tree/systemd/api-port.conf"
  fi
  [ "$outcome" = unchanged ] || wants_restart api
}

put_unit() {
  ensure_file "$units/$1" 0644 root:root <"$2"
  [ "$outcome" = unchanged ] || units_changed=1
}

# put_next UNIT: a second master of a site, which takes its requests while the first starts anew.
put_next() {
  local socket=${1%.service}%i.socket
  put_unit "${1/@/-next@}" <(sed "s/^User=/Sockets=$socket\n&/" "$tree/systemd/units/$1")
}

reload_units() {
  [ -z "$units_changed" ] || try systemctl daemon-reload
  units_changed=
}

# stop_unit UNIT SERVICE: until start_unit restarts it.
stop_unit() {
  systemctl is-active --quiet "$1" || return 0
  wants_restart "$2"
  stopped[$1]=1
  try systemctl stop "$1"
}

# start_unit UNIT SERVICE: enabled, running, and running what was installed.
start_unit() {
  if ! systemctl is-enabled --quiet "$1"; then
    try systemctl enable "$1"
  fi
  # At a boot it may be about to.
  [ "$(systemctl show --property=ActiveState --value "$1")" != activating ] || try systemctl start "$1"
  if ! systemctl is-active --quiet "$1"; then
    try systemctl restart "$1"
    if [ -n "${stopped[$1]:-}" ]; then line changed "$1 was restarted"; else line created "$1 is running"; fi
  elif [ -n "${restart[$2]:-}" ]; then
    try systemctl restart "$1"
    line changed "$1 was restarted"
  else
    line unchanged "$1 is running"
  fi
  unset "restart[$2]"
}

install_programs() {
  local service
  hint='The logs in /var/log/sculptor tell more; run this again afterwards.'
  start_own cron
  for service in worker-privileged worker-unprivileged api mailer; do start_program "sculptor-$service" "$service"; done
  refresh_caches
}

# The scripts and programs come with Redis, the first of them.
put_programs() {
  ensure_dir /usr/lib/sculptor/supervisor 0755 root:root
  ensure_file /usr/lib/sculptor/supervisor/start 0755 root:root <"$tree/systemd/supervisor/start"
  [ "$outcome" = unchanged ] || wants_restart redis worker-privileged worker-unprivileged api mailer cache cache-keeper
  put_program sculptor "$tree/systemd/supervisor/agent.conf"
  [ "$outcome" = unchanged ] || wants_restart redis worker-privileged worker-unprivileged api mailer
}

put_program() {
  ensure_file "/etc/supervisor/conf.d/$1.conf" 0644 root:root <"$2"
  [ "$outcome" = unchanged ] || supervisor_changed=1
}

start_supervisor() {
  if supervisorctl pid >/dev/null 2>&1 </dev/null; then
    [ -z "$supervisor_changed" ] || { try supervisorctl reread && try supervisorctl update; }
  else
    try supervisord -c /etc/supervisor/supervisord.conf
    wait_for 20 supervisorctl pid || fail 'supervisord does not answer'
    line created 'supervisord is running'
  fi
  supervisor_changed=
}

# start_own DAEMON: of the distribution, and kept by Supervisor, unless something else keeps it here already.
start_own() {
  local conf=/etc/supervisor/conf.d/sculptor-$1.conf pid
  pid=$(supervisorctl pid "sculptor-$1" 2>/dev/null </dev/null) || pid=0
  if [ "$pid" = 0 ] && pgrep -x "$1" >/dev/null; then
    [ ! -e "$conf" ] || supervisor_changed=1
    ensure_gone "$conf" "$1 runs here already, and is not ours"
  else
    put_program "sculptor-$1" "$tree/systemd/supervisor/$1.conf"
  fi
  start_supervisor
  [ ! -e "$conf" ] || start_program "sculptor-$1" "$1"
}

# start_program PROGRAM SERVICE
start_program() {
  local state
  state=$(supervisorctl status "$1" 2>/dev/null </dev/null | awk '{ print $2 }') || true
  if [ -n "${restart[$2]:-}" ] && [ "$state" = RUNNING ] && ! just_started "$1"; then
    try supervisorctl restart "$1"
    line changed "$1 was restarted"
  elif [ "$state" = RUNNING ] && ! just_started "$1"; then
    line unchanged "$1 is running"
  else
    [ "$state" = RUNNING ] || [ "$state" = STARTING ] || try supervisorctl start "$1"
    wait_for 30 is_running "$1" || fail "$1 does not stay up"
    line created "$1 is running"
  fi
  unset "restart[$2]"
}

is_running() {
  supervisorctl status "$1" | grep -q RUNNING
}

# A process younger than this run.
just_started() {
  local pid age
  [ "$mode" = supervisor ] || return 1
  pid=$(supervisorctl pid "$1" 2>/dev/null </dev/null) || return 1
  age=$(ps -o etimes= -p "$pid" 2>/dev/null) || return 1
  [ "$age" -lt "$SECONDS" ]
}
