#!/bin/bash
# A tenant that swaps links and folders in its own folder as fast as it can, while root goes through it with every verb
# that touches it (test/attack/race.test.ts), on a throwaway server. CI runs a part of it.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: race.sh [COUNT [SEED]]

COUNT  runs of a verb, 5 000 where it is left out, which takes some hours; the line `race:` says how many there were
SEED   where chance begins, for asking the same again; any where it is left out

As root: it makes a throwaway server. Exit code 1 where anything outside the tenant's folder changed, 77 where this
machine can make no server.
TEXT
}

case ${1:-} in -h | --help) usage && exit 0 ;; esac
count=${1:-5000}
seed=${2:-$((RANDOM * 32768 + RANDOM))}
[[ $count =~ ^[0-9]{1,6}$ && $seed =~ ^[0-9]{1,10}$ ]] || { usage >&2 && exit 2; }

printf 'race.sh: %d verb runs, seed %d\n' "$count" "$seed"
exec "$(dirname "${BASH_SOURCE[0]}")/machine.sh" run -- env --chdir=/usr/src/sculptor-agent \
  "RACE_RUNS=$count" "RACE_SEED=$seed" /usr/lib/sculptor/node/bin/node node_modules/jest/bin/jest.js \
  --cacheDirectory=/tmp/jest --runInBand --selectProjects attack --testPathPatterns test/attack/race </dev/null
