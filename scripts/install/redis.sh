# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# A Redis for the agent alone: a unix socket, an account for each process, no default user.

install_redis() {
  install_secret api www-data
  install_secret worker-unprivileged www-data
  install_secret worker-privileged sculptor
  ensure_file /etc/sculptor/redis.conf 0644 root:root <"$tree/systemd/redis/redis.conf"
  [ "$outcome" = unchanged ] || wants_restart redis
  redis_accounts | ensure_file /etc/sculptor/redis.acl 0640 root:redis
  case $outcome in
    created | changed) wants_restart redis ;;
  esac
  if [ "$mode" = systemd ]; then
    put_unit sculptor-redis.service "$tree/systemd/units/sculptor-redis.service"
    [ "$outcome" = unchanged ] || wants_restart redis
    reload_units
    start_unit sculptor-redis.service redis
  else
    put_programs
    start_supervisor
    start_program sculptor-redis redis
  fi
}

# The second Redis, for the sites' caches: the executor starts it when a site asks for one, and not before.
install_cache() {
  ensure_file /etc/sculptor/cache/redis.conf 0644 root:root <"$tree/systemd/cache/redis.conf"
  [ "$outcome" = unchanged ] || wants_restart cache
}

# install_secret PROCESS GROUP: a password that only root can read, as systemd hands it to the process; Supervisor
# cannot, so that there the group can.
install_secret() {
  local path=/etc/sculptor/secrets/redis-$1 rights=(0600 root:root)
  [ "$mode" = systemd ] || rights=(0640 "root:$2")
  if [ -s "$path" ]; then
    ensure_rights "$path" "${rights[@]}"
  else
    random_text | ensure_file "$path" "${rights[@]}"
    wants_restart "$1"
  fi
  text_is_its_own "$path"
}

# What the secrets of webhooks are derived from: who lost it has all of them made anew.
install_webhook_key() {
  local path=/etc/sculptor/secrets/webhook-key rights=(0600 root:root)
  [ "$mode" = systemd ] || rights=(0640 root:www-data)
  if [ -s "$path" ]; then
    ensure_rights "$path" "${rights[@]}"
  else
    random_text | ensure_file "$path" "${rights[@]}"
    wants_restart api worker-unprivileged
  fi
  text_is_its_own "$path"
}

# 32 random bytes as base64url.
random_text() {
  head -c 32 /dev/urandom | base64 -w 0 | tr '+/' '-_' | tr -d '='
  echo
}

redis_accounts() {
  local version process fillings=() older=()
  version=$(redis-server --version | sed -n 's/.* v=\([0-9.]*\).*/\1/p')
  # Before 6.2 there are no rules for channels.
  printf '6.2\n%s\n' "$version" | sort -V -C || older=(-e 's/ resetchannels//g' -e 's/ &[^ ]*//g')
  for process in api worker-unprivileged worker-privileged; do
    fillings+=("hash-$process=$(secret_hash "$process")" "commands-$process=$(redis_commands "$process")")
  done
  filled "$tree/systemd/redis/redis.acl" "${fillings[@]}" | sed -e '' "${older[@]}"
}

secret_hash() {
  tr -d '\n' <"/etc/sculptor/secrets/redis-$1" | sha256sum | cut -d' ' -f1
}

# The pipe of `client|setname` would end sed's rule.
redis_commands() {
  grep -v '^#' "$tree/systemd/redis/commands-$1" | tr '\n' ' ' | sed 's/ $//; s/|/\\|/g'
}
