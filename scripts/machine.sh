#!/bin/bash
# A throwaway server: Debian booted with systemd in a container with a network of its own, gone when COMMAND ends.
#
# Every machine is a tree of processes in a pid namespace and a mount namespace of its own: when the first
# process dies, whatever kills it, the kernel ends the rest and takes the mounts with it. Nothing is left to
# clean up but empty cgroups.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SCULPTOR_MACHINE_CACHE:-/var/cache/sculptor-machine}
cannot=77

# shellcheck source=scripts/machine/cgroups.sh
. "$here/machine/cgroups.sh"

usage() {
  cat <<'TEXT'
Usage: machine.sh run    [--fresh] [--bind HOST:GUEST]... [--suite NAME] -- COMMAND...
       machine.sh shell  [--fresh] [--bind HOST:GUEST]... [--suite NAME]
       machine.sh chroot [--bind HOST:GUEST]... [--suite NAME] -- COMMAND...
       machine.sh clean

run     boot a server with the agent of this tree installed, run COMMAND in it as root, remove it.
        Standard input, output, error and the exit code are COMMAND's own. Where COMMAND reboots the server
        (systemctl reboot --force --force is as if its power failed), it is run once more after that.
shell   the same with an interactive shell (or with the commands on standard input).
chroot  run COMMAND in a plain root file system where PID 1 is not systemd.
clean   remove everything that was kept to start faster.

--fresh              nothing of ours: Debian as it comes, no node_modules in the tree. The packages and npm
                     modules that scripts/install.sh wants lie in the caches of apt and npm.
--bind HOST:GUEST    show a folder of this machine there, read-write.
--suite NAME         another release of the distribution than this machine's own.

The tree is at /usr/src/sculptor-agent, read-only; in an installed machine with this machine's node_modules.
What is kept to start faster is in ${SCULPTOR_MACHINE_CACHE:-/var/cache/sculptor-machine}.
Exit code 77: this machine cannot make containers; a sentence on standard error says why.
TEXT
}

fail() {
  printf 'machine.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

parse() {
  options=(fresh= suite=)
  binds=()
  while [ $# -gt 0 ]; do
    case $1 in
      --fresh) options[0]=fresh=1 ;;
      --bind) binds+=("${2:?--bind wants HOST:GUEST}") && shift ;;
      --suite) options[1]=suite=${2:?--suite wants a name} && shift ;;
      --) shift && break ;;
      *) fail "unknown argument $1; --help tells more" 2 ;;
    esac
    shift
  done
  command=("$@")
  for bind in "${binds[@]}"; do
    case $bind in /*:/*) ;; *) fail "--bind wants HOST:GUEST, both absolute, not $bind" 2 ;; esac
  done
}

require_privileges() {
  [ "$(id -u)" = 0 ] || fail 'a machine is made by root; this is another user' "$cannot"
  unshare --mount --pid --fork --propagation private true 2>/dev/null ||
    fail 'this machine may not make namespaces (CAP_SYS_ADMIN is missing), so no throwaway server can run here' "$cannot"
}

# Whoever called may be killed without a chance to tell: let the kernel pass it on.
follow_caller() {
  [ "${SCULPTOR_MACHINE_FOLLOWS:-}" != $$ ] || return 0
  SCULPTOR_MACHINE_FOLLOWS=$$ exec setpriv --pdeathsig TERM "$0" "$@"
}

supervise() {
  stop_code=
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  remove_stale_cgroups
  # <&0, or bash would give a background process /dev/null for standard input.
  env "MACHINE_GROUP=sculptor-machine-$$" "MACHINE_BINDS=$(printf '%s\n' "${binds[@]}")" "${options[@]/#/MACHINE_}" \
    setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --propagation private --mount-proc \
    /bin/bash "$here/machine/inside.sh" "$1" "${command[@]}" <&0 &
  child=$!
  code=0
  wait "$child" || code=$?
  # A signal interrupts wait; what was killed must be gone before we are.
  while kill -0 "$child" 2>/dev/null; do wait "$child" || true; done
  remove_cgroups "sculptor-machine-$$"
  exit "${stop_code:-$code}"
}

# When unshare dies, the kernel kills the namespace's first process (--kill-child), and that one ends last of all there.
stop() {
  stop_code=$1
  local first
  # bash would say that it lost a child.
  exec 2>/dev/null
  first=$(pgrep -P "$child") || true
  kill -KILL "$child" || true
  while [ -n "$first" ] && is_running "$first"; do sleep 0.02; done
}

# A process that has ended stays in the table until its parent has asked for it.
is_running() {
  local status
  status=$(cat "/proc/$1/status") && [[ $status != *State:?Z* ]]
}

main() {
  local mode=${1:---help}
  case $mode in
    run | shell | chroot)
      parse "${@:2}"
      [ "$mode" = shell ] || [ ${#command[@]} -gt 0 ] || fail "$mode wants a COMMAND after --" 2
      require_privileges
      follow_caller "$@"
      supervise "$mode"
      ;;
    clean) rm -rf --one-file-system "$cache" ;;
    -h | --help) usage ;;
    *) fail "unknown command $mode; --help tells more" 2 ;;
  esac
}

main "$@"
