#!/bin/bash
# The first process of a machine's namespaces: gets the layers ready, mounts them, boots, runs the command.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(dirname "$(dirname "$here")")
cache=${SCULPTOR_MACHINE_CACHE:-/var/cache/sculptor-machine}
guest_tree=/usr/src/sculptor-agent

# shellcheck source=scripts/machine/cgroups.sh
. "$here/cgroups.sh"
# shellcheck source=scripts/machine/host.sh
. "$here/host.sh"
# shellcheck source=scripts/machine/layers.sh
. "$here/layers.sh"
# shellcheck source=scripts/machine/base.sh
. "$here/base.sh"
# shellcheck source=scripts/machine/npm.sh
. "$here/npm.sh"
# shellcheck source=scripts/machine/installed.sh
. "$here/installed.sh"
# shellcheck source=scripts/machine/boot.sh
. "$here/boot.sh"

main() {
  local mode=$1
  mkdir -p "$cache/run"
  mount -t tmpfs -o mode=0755 tmpfs "$cache/run" || fail 'a tmpfs cannot be mounted here, so no throwaway server can run' 77
  name=machine-$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')
  run=$cache/run
  ensure_host_tools
  snapshot_tree "$run/src"
  choose_suite
  base_layer
  npm_layer
  lower=$npm/root:$base/root
  case $mode in
    chroot) run_plain "${@:2}" ;;
    *) run_booted "$@" ;;
  esac
}

run_booted() {
  local mode=$1
  shift
  if [ -z "$MACHINE_fresh" ]; then
    installed_layer
    show_node_modules
  fi
  mount_root "$run/root" "$run"
  boot "$run/root"
  [ "$mode" = run ] || shell_command
  [ "$mode" = run ] || set -- "${shell[@]}"
  local code=0
  in_machine "$@" || code=$?
  # What a reboot has ended is run again after it.
  while was_rebooted "$code"; do
    code=0
    boot "$run/root"
    in_machine "$@" || code=$?
  done
  return "$code"
}

run_plain() {
  mount_root "$run/root" "$run"
  plain_binds "$run/root"
  close_locks
  exec unshare --mount --net --uts --ipc --pid --fork --kill-child --propagation private \
    /bin/bash "$here/plain-init.sh" "$run/root" "$name" "$@"
}

# A terminal of its own in the machine, where there is one here.
shell_command() {
  shell=(bash)
  [ ! -t 0 ] || shell=(script -qefc 'bash -l' /dev/null)
}

main "$@"
