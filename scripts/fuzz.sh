#!/bin/bash
# Chance against every parser: mutated requests to the executor (test/fuzz) and the properties of all that reads
# what others wrote (test/unit/properties). CI runs a part of it; a night has time for a million.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: fuzz.sh [COUNT [SEED]]

COUNT  requests to the executor, 1 000 000 where it is left out; each property gets a fiftieth of it
SEED   where chance begins, for seeing a failure again; any where it is left out

Exit code 1 where anything fails; the seed is printed either way.
TEXT
}

case ${1:-} in -h | --help) usage && exit 0 ;; esac
count=${1:-1000000}
seed=${2:-$((RANDOM * 32768 + RANDOM))}
[[ $count =~ ^[0-9]{1,9}$ && $seed =~ ^[0-9]{1,10}$ ]] || { usage >&2 && exit 2; }

cd "$(dirname "${BASH_SOURCE[0]}")/.."
printf 'fuzz.sh: %d cases, seed %d\n' "$count" "$seed"
FUZZ_CASES=$count FUZZ_SEED=$seed exec node node_modules/jest/bin/jest.js --selectProjects fuzz unit \
  --testPathPatterns 'test/(fuzz|unit/properties)/'
