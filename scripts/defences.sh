#!/bin/bash
# Takes defences away, each in a copy of the tree, and looks whether the one test that must notice fails: that test, by
# what it asserts, while it passes with the defence. The list is test/defences/list/. As root: some need a throwaway server.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: defences.sh [--part N/M SEED | NAME...]

All of the list where nothing is named; that takes half an hour and more.
--part N/M SEED  those that need no server, and of the others the Nth of M parts, dealt by the seed
NAME...          these alone; the names are in test/defences/list/

Exit code 1 where a defence can go without anybody noticing, or the list does not fit the tree any more.
TEXT
}

part='' seed=$((RANDOM * 32768 + RANDOM)) names=''
case ${1:-} in
  -h | --help) usage && exit 0 ;;
  --part)
    [[ $# = 3 && $2 =~ ^[1-9][0-9]?/[1-9][0-9]?$ && $3 =~ ^[0-9]{1,9}$ ]] || { usage >&2 && exit 2; }
    part=$2 seed=$3
    ;;
  -*) usage >&2 && exit 2 ;;
  *) names=$(printf '%s\n' "$@") ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.."
DEFENCES_PART=$part DEFENCES_SEED=$seed DEFENCES_NAMES=$names exec node node_modules/jest/bin/jest.js --selectProjects defences \
  --verbose
