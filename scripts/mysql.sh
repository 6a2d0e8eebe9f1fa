#!/bin/bash
# A throwaway server (machine.sh) whose tenants have their databases on a MySQL, and what test/mysql has to say of it there.
# Neither Debian 12 nor 13 has a MySQL: it is that of the unstable suite, unpacked into a folder and run by its own loader.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SCULPTOR_MACHINE_CACHE:-/var/cache/sculptor-machine}
suite=sid
cannot=77

usage() {
  cat <<'TEXT'
Usage: mysql.sh [-- COMMAND...]

Boots a throwaway server with the agent of this tree and a MySQL, runs COMMAND in it as root (without one: the tests of
test/mysql), and removes it. The packages come from where apt on this machine gets its own.
Exit code 77: the packages cannot be had here; a sentence on standard error says why.
TEXT
}

main() {
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    --) shift ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
  esac
  [ $# -gt 0 ] || set -- env --chdir=/usr/src/sculptor-agent /usr/lib/sculptor/node/bin/node \
    node_modules/jest/bin/jest.js --cacheDirectory=/tmp/jest --runInBand --forceExit --selectProjects=mysql
  unpacked
  exec "$here/machine.sh" run --bind "$root:/opt/mysql" -- /usr/src/sculptor-agent/scripts/mysql/begin.sh "$@"
}

# Kept like the layers of a machine, which `machine.sh clean` removes.
unpacked() {
  root=$cache/mysql-$suite/root
  mkdir -p "$cache/locks" "${root%/root}"
  exec 9>"$cache/locks/mysql-$suite"
  flock 9
  [ -e "$root/usr/bin/mysqldump" ] && [ -e "${root%/root}/complete" ] || unpack
  exec 9>&-
}

unpack() {
  local mirror log=${root%/root}/log
  # shellcheck disable=SC2016 # apt's own variables
  mirror=$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian|Debian|//p' | head -n 1)
  [ -n "$mirror" ] || cannot_be_had 'apt on this machine knows no archive of Debian'
  echo "mysql.sh: unpacking MySQL from $suite (a minute, once)" >&2
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase --include=mysql-server-core,mysql-client-core --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    "$suite" "$root" "$mirror" >"$log" 2>&1 || cannot_be_had "debootstrap of $suite ended with an error; all of it is in $log"
  touch "${root%/root}/complete"
}

cannot_be_had() {
  echo "mysql.sh: $1" >&2
  exit "$cannot"
}

main "$@"
