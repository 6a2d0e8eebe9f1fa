#!/bin/bash
# Clients that ask for everything there is, while a nemesis kills, stops, freezes and fills what the agent stands on;
# then a checker over all that was asked, answered and done (test/chaos). On a throwaway server. `scripts/test.sh chaos` is a short run.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: chaos.sh [--operations N] [--seed N] [--weakened NAME] [--only NAMES] [--keep FOLDER]

--operations N   how many wishes are to be accepted; 300 where it is left out, which takes about ten minutes
--seed N         where chance begins, for seeing a failure again; any where it is left out
--weakened NAME  without one safeguard, which the checker has to notice: no-sweep, no-epoch, no-lock, no-worker-lock
--only NAMES     of what the nemesis can do (test/chaos/strikes.ts) these alone, with commas between
--keep FOLDER    put history.json there, all that was asked, answered, done and seen, and the server's journal

As root: it makes a throwaway server. Exit code 1 where the checker finds a fault, or with --weakened none; 77 where this
machine can make no server.
TEXT
}

operations=300 seed=$((RANDOM * 32768 + RANDOM)) weakened='' only='' keep=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --operations) operations=${2-} ;;
    --seed) seed=${2-} ;;
    --weakened) weakened=${2-} ;;
    --only) only=${2-} ;;
    --keep) keep=$(realpath -e -- "${2-}") ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift 2 || { usage >&2 && exit 2; }
done
[[ $operations =~ ^[1-9][0-9]{0,4}$ && $seed =~ ^[0-9]{1,9}$ ]] || { usage >&2 && exit 2; }
[[ $weakened =~ ^(no-sweep|no-epoch|no-lock|no-worker-lock|)$ ]] || { usage >&2 && exit 2; }

printf 'chaos.sh: %d operations, seed %d%s\n' "$operations" "$seed" "${weakened:+, $weakened}"
exec "$(dirname "${BASH_SOURCE[0]}")/machine.sh" run ${keep:+--bind "$keep:/mnt"} -- env --chdir=/usr/src/sculptor-agent \
  "CHAOS_OPERATIONS=$operations" "CHAOS_SEED=$seed" "CHAOS_WEAKENED=$weakened" "CHAOS_ONLY=$only" \
  "CHAOS_KEEP=${keep:+/mnt}" \
  /usr/lib/sculptor/node/bin/node node_modules/jest/bin/jest.js --cacheDirectory=/tmp/jest --runInBand --forceExit \
  --selectProjects chaos </dev/null
