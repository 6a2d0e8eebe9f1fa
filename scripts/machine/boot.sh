# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# Booting a root file system with systemd in a container, running something in it, switching it off.

boot_limit=120
machine_binds=()

# boot ROOT: returns when the machine has started; $leader is its PID 1 as seen from here.
boot() {
  console=$run/console
  (
    enter_group "$MACHINE_GROUP"
    nspawn_environment "$1"
    exec systemd-nspawn --quiet --directory="$1" --private-network --register=no --keep-unit --console=pipe \
      --hostname="$name" --resolv-conf=off --timezone=off --link-journal=no \
      --bind-ro="$run/src:$guest_tree" "${machine_binds[@]}" "${user_binds[@]}" \
      /bin/sh -c "$first_process"
  ) </dev/null >"$console" 2>&1 &
  nspawn=$!
  wait_for_boot
}

# systemd-nspawn hands the controllers of cgroup v1 over read-only; they are the machine's own group, so let it write.
# shellcheck disable=SC2016
first_process='for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do
  mountpoint -q "$folder" && [ ! -L "$folder" ] && mount -o remount,bind,rw "$folder" 2>/dev/null
done
exec /lib/systemd/systemd'

nspawn_environment() {
  # /tmp on the disk, as a server has it: a tenth of the memory is too little.
  export SYSTEMD_NSPAWN_TMPFS_TMP=0
  # A systemd that has forgotten cgroup v1 gets v2, with the controllers that v1 left there.
  if [ "$(systemd_version "$1")" -ge 256 ]; then
    export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
  fi
}

systemd_version() {
  dpkg-query --admindir="$1/var/lib/dpkg" --show --showformat '${Version}' systemd | grep -o '^[0-9]*'
}

wait_for_boot() {
  local state deadline=$((SECONDS + boot_limit))
  while [ $SECONDS -lt $deadline ] && kill -0 "$nspawn" 2>/dev/null; do
    if find_leader; then
      state=$(nsenter --target "$leader" --all timeout "$boot_limit" systemctl is-system-running --wait 2>/dev/null) || true
      case $state in running | degraded) return 0 ;; esac
    fi
    sleep 0.05
  done
  tail -n 40 "$console" >&2
  fail "the machine did not start within $boot_limit s (${state:-no answer})"
}

# The child of systemd-nspawn that is the first of its own pid namespace.
find_leader() {
  for leader in $(pgrep -P "$nspawn"); do
    [ "$(awk '/^NSpid:/ { print $NF }' "/proc/$leader/status" 2>/dev/null)" != 1 ] || [ "$(readlink "/proc/$leader/ns/pid")" = "$(readlink /proc/self/ns/pid)" ] || return 0
  done
  return 1
}

# in_machine COMMAND...: as a root's session there would, with the privileges that root has there, in a scope of its own.
in_machine() {
  local err code=0
  # What bash says of a command that was killed is not the command's.
  exec {err}>&2 2>/dev/null
  (
    exec 2>&"$err" {err}>&-
    enter_machine "$@"
  ) || code=$?
  exec 2>&"$err" {err}>&-
  return "$code"
}

enter_machine() {
  join_groups_of "$leader"
  close_locks
  exec nsenter --target "$leader" --all setpriv --bounding-set "$(bounding_set)" \
    systemd-run --quiet --scope --collect -- \
    env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# was_rebooted CODE: of what ran in the machine, which was killed, or told to end. systemd-nspawn ends with 133 then, and
# does not start it anew.
was_rebooted() {
  local ended=0 patience=5
  case $1 in 137 | 143) ;; *) return 1 ;; esac
  [ "$(nsenter --target "$leader" --all systemctl is-system-running 2>/dev/null)" != stopping ] || patience=120
  timeout "$patience" tail --pid="$nspawn" -f /dev/null || return 1
  wait "$nspawn" || ended=$?
  [ "$ended" = 133 ]
}

bounding_set() {
  local mask number last list=-all
  last=$(cat /proc/sys/kernel/cap_last_cap)
  mask=$((16#$(awk '/^CapBnd:/ { print $2 }' "/proc/$leader/status")))
  for ((number = 0; number <= last; number++)); do
    [ $((mask >> number & 1)) = 0 ] || list+=,+cap_$number
  done
  echo "$list"
}

# Databases close their files.
power_off() {
  nsenter --target "$leader" --all systemctl poweroff
  timeout 120 tail --pid="$nspawn" -f /dev/null || fail 'the machine did not switch itself off'
}

user_binds=()
while IFS= read -r bind; do
  [ -z "$bind" ] || user_binds+=("--bind=$bind")
done <<<"${MACHINE_BINDS:-}"

plain_binds() {
  local bind
  mount --bind "$run/src" "$1$guest_tree"
  mount -o remount,bind,ro "$1$guest_tree"
  while IFS= read -r bind; do
    [ -n "$bind" ] || continue
    if [ -d "${bind%%:*}" ]; then mkdir -p "$1${bind#*:}"; else mkdir -p "$1$(dirname "${bind#*:}")" && touch "$1${bind#*:}"; fi
    mount --rbind "${bind%%:*}" "$1${bind#*:}"
  done <<<"$MACHINE_BINDS"
}
