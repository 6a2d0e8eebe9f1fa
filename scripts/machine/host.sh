# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# What this machine must have, and what it knows: its package sources, the tree.

fail() {
  printf 'machine.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

# Whoever waits for a layer sees it, wherever the output of the tools goes.
exec {progress}>&2
note() {
  printf 'machine.sh: %s\n' "$1" >&"$progress"
}

# The only change to this machine.
ensure_host_tools() {
  local pair missing=()
  for pair in debootstrap:debootstrap systemd-nspawn:systemd-container ip:iproute2 pgrep:procps git:git npm:npm; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  note "installing ${missing[*]} here"
  host_apt_install "${missing[@]}" >"$run/host.log" 2>&1 || {
    tail -n 20 "$run/host.log" >&2
    fail "apt-get could not install ${missing[*]}"
  }
}

host_apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

# A copy, so that what is edited meanwhile cannot change under the machine, without what git ignores.
snapshot_tree() {
  mkdir -p "$1"
  (cd "$tree" && tree_files | tar --null --no-recursion --files-from - --create --file -) |
    tar --extract --file - --directory "$1" --no-same-owner
}

tree_files() {
  if git -c safe.directory='*' rev-parse --git-dir >/dev/null 2>&1; then
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard
  else
    find . \( -name node_modules -o -name dist -o -name .git \) -prune -o \( -type f -o -type l \) -print0
  fi | while IFS= read -r -d '' file; do
    # git lists a file that was deleted and not committed yet, and twice one that is in conflict
    [ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\0' "$file"
  done | sort -zu
}

# Each line of what apt reads here: the archive's address, the suite, the component; the distribution's own only.
host_sources() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' 'Created-By: Packages' |
    awk -F'|' '$1 == "Debian" || $1 == "Ubuntu" { print tolower($1), $2, $3, $4 }' | sort -u
}

choose_suite() {
  local own
  own=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  suite=${MACHINE_suite:-$own}
  sources=$(host_sources | sed "s/ $own\(-[a-z-]*\)\? / $suite\1 /")
  if [ -z "$sources" ]; then
    apt-get update -q >/dev/null 2>&1 || true
    sources=$(host_sources | sed "s/ $own\(-[a-z-]*\)\? / $suite\1 /")
  fi
  [ -n "$sources" ] || fail 'apt on this machine knows no archive of Debian or Ubuntu'
}
