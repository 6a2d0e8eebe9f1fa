#!/bin/bash
# At every boundary that an operation of any kind passes, the process that passes it is killed; afterwards the server has
# to be as one that nobody disturbed (test/failpoints), on a throwaway server. CI runs a part of it.
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'TEXT'
Usage: failpoints.sh [--part N/M SEED | --at PATTERN] [KIND]

All of them where nothing is said, kind by kind, each on a server of its own: the more is on one, the longer each takes.
That is some hours. The last line says how many there were.
--part N/M SEED  the Nth of M parts, dealt by the seed
--at PATTERN     those whose name matches, as the suite says it of what has failed
KIND             operations whose kind begins so, such as domain.create

As root: it makes a throwaway server. Exit code 1 where anything differs, 77 where this machine can make no server.
TEXT
}

part=1/1 seed=1 at=
case ${1:-} in
  -h | --help) usage && exit 0 ;;
  --part)
    [[ $# -ge 3 && $2 =~ ^[1-9][0-9]{0,4}/[1-9][0-9]{0,4}$ && $3 =~ ^[0-9]{1,9}$ ]] || { usage >&2 && exit 2; }
    part=$2 seed=$3
    shift 3
    ;;
  --at)
    [[ $# -ge 2 ]] || { usage >&2 && exit 2; }
    part=1/2 at=$2
    shift 2
    ;;
esac
only=${1:-}
[[ $# -le 1 && $only =~ ^[A-Za-z.]*$ ]] || { usage >&2 && exit 2; }

# Of each kind its own line, and what they come to.
all_kinds() {
  local kind line a b c code=0 ran=0 of=0 verbs=0
  for kind in $(sed -n "s/^  '\([a-zA-Z]*\.[a-zA-Z]*\)': '.*/\1/p" "$tree/contract/operations.ts"); do
    "$0" "$kind" | tee "$output" || { [ $? != 77 ] || return 77; code=1; }
    line=$(sed -n 's/^failpoints: \([0-9]*\)\/\([0-9]*\) runs, [0-9]* points × \([0-9]*\) verbs.*/\1 \2 \3/p' "$output")
    [ -n "$line" ] || code=1
    read -r a b c <<<"${line:-0 0 0}"
    ran=$((ran + a)) of=$((of + b)) verbs=$((verbs + c))
  done
  printf 'failpoints: %d/%d runs of %d verbs\n' "$ran" "$of" "$verbs"
  return "$code"
}

if [ "$part$at$only" = 1/1 ]; then
  output=$(mktemp)
  trap 'rm -f "$output"' EXIT
  all_kinds
  exit
fi

printf 'failpoints.sh: part %s, seed %s\n' "$part" "$seed"
exec "$tree/scripts/machine.sh" run -- env --chdir=/usr/src/sculptor-agent "FAILPOINTS_PART=$part" \
  "FAILPOINTS_SEED=$seed" "FAILPOINTS_ONLY=$only" "FAILPOINTS_AT=$at" \
  /usr/lib/sculptor/node/bin/node node_modules/jest/bin/jest.js \
  --cacheDirectory=/tmp/jest --runInBand --forceExit --selectProjects failpoints </dev/null
