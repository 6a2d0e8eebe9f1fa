# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# The compiled code, built here from this tree and swapped in as a whole, when all else is ready for it and just before
# its processes are restarted: until then what runs, and what is started anew, is the version from before.
# /usr/lib/sculptor/build keeps the modules, so that a newer tree with the same package-lock.json needs no npm.

app=/usr/lib/sculptor/app
build=/usr/lib/sculptor/build
code_waits=
unstarted=/usr/lib/sculptor/.unstarted
rooms=(api cli contract mailer runtime state worker-privileged worker-unprivileged)

install_code() {
  local digest
  digest=$(code_digest)
  if [ "$(cat "$app/.digest" 2>/dev/null)" = "$digest" ]; then
    line unchanged "$app/"
  else
    install_modules
    compile "$digest"
    code_waits=1
    [ ! -e "$app" ] || bring_state_up
  fi
  ensure_file /usr/lib/sculptor/executor 0755 root:root <"$tree/systemd/executor"
  [ "$outcome" = unchanged ] || wants_restart executor
  ensure_file /usr/lib/sculptor/launch 0755 root:root <"$tree/systemd/launch"
  ensure_file /usr/lib/sculptor/sendmail 0755 root:root <"$tree/systemd/sendmail"
  ensure_file /usr/lib/sculptor/launch-once 0755 root:root <"$tree/systemd/launch-once"
  [ "$mode" = systemd ] || ensure_file /usr/lib/sculptor/end-program 0755 root:root <"$tree/systemd/end-program"
  ensure_file /usr/lib/sculptor/acme 0755 root:root <"$tree/systemd/acme"
  ensure_file /usr/lib/sculptor/disk-quota 0755 root:root <"$tree/systemd/disk-quota"
  ensure_file /usr/lib/sculptor/update-hook 0755 root:root <"$tree/systemd/update-hook"
  ensure_file /usr/lib/sculptor/replaced 0755 root:root <"$tree/systemd/replaced"
  ensure_file /usr/lib/sculptor/look-around 0755 root:root <"$tree/systemd/look-around"
  ensure_file /usr/lib/sculptor/pending-updates 0755 root:root <"$tree/systemd/pending-updates"
  ensure_file /usr/lib/sculptor/update-run 0755 root:root <"$tree/systemd/update-run"
  ensure_file /usr/lib/sculptor/upgrade 0755 root:root <"$tree/systemd/upgrade"
  ensure_file /usr/local/bin/sculptorctl 0755 root:root <"$tree/systemd/sculptorctl"
}

# A version of the state that this tree does not know was made by a newer one, whose rows and files its code may not
# understand; with the same versions there is a way back.
check_not_older() {
  local name
  # Where MariaDB is away, the code that runs says what it knows.
  {
    ls "$app/state/migrations" 2>/dev/null || true
    sql <<<"SELECT name FROM sculptor.migration WHERE name REGEXP '^[0-9]{4}-'" 2>/dev/null || true
  } >"$work/migrations"
  for name in $(sort -u "$work/migrations"); do
    [ ! -e "$tree/state/migrations/$name" ] || continue
    refuse "This tree is older than what is installed here, which has brought the state to $name; the code of this tree \
does not know that. Nothing was changed. Install a tree that has it, or restore the state from a backup of before."
  done
}

# The version from before goes on with it: a migration adds, and takes nothing away that the version before it needs.
bring_state_up() {
  hint='What runs is the version from before, and it goes on. Mend what the words name, then run this again.'
  wait_for 0 answers_sql || start_mariadb
  [ -n "$(sql <<<"SELECT 1 FROM information_schema.tables WHERE table_schema = 'sculptor' AND table_name = 'migration'")" ] || return 0
  migrate
}

place_code() {
  # What a run that broke off has put in place runs nowhere yet.
  [ -n "$code_waits" ] || [ -e "$unstarted" ] || return 0
  touch "$unstarted"
  [ -z "$code_waits" ] || swap_in
  wants_restart api worker-privileged worker-unprivileged executor cache-keeper mailer
}

code_digest() (
  cd "$tree" || exit
  find package.json package-lock.json tsconfig.json tsconfig.build.json "${rooms[@]}" -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
)

install_modules() {
  local digest
  digest=$(cat "$tree/package.json" "$tree/package-lock.json" | sha256sum | cut -d' ' -f1)
  [ "$(cat "$build/.digest" 2>/dev/null)" != "$digest" ] || return 0
  need_npm
  hint='Look whether npm works here (npm ping), then run this again.'
  rm -rf "$build.new"
  install -d -m 0755 "$build.new"
  cp "$tree/package.json" "$tree/package-lock.json" "$build.new/"
  # The compiler is an optional dependency: it comes along, is put aside, and does not go where the code runs.
  try npm ci --prefix "$build.new" --omit=dev --ignore-scripts --no-audit --no-fund
  mv "$build.new/node_modules/typescript" "$build.new/typescript"
  try npm prune --prefix "$build.new" --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
  rm -rf "$build.new/node_modules/.bin"
  only_roots "$build.new"
  echo "$digest" >"$build.new/.digest"
  rm -rf "$build"
  mv -T "$build.new" "$build"
}

# No types are checked: the tree was checked before it was published, and what the checks need is not here.
compile() {
  local source=$work/source room
  rm -rf "$app.new"
  mkdir -p "$source" "$app.new"
  for room in "${rooms[@]}"; do cp -r "$tree/$room" "$source/"; done
  cp "$tree/package.json" "$tree/tsconfig.json" "$tree/tsconfig.build.json" "$source/"
  echo '{ "extends": "./tsconfig.build.json", "compilerOptions": { "types": [] } }' >"$source/tsconfig.here.json"
  ln -s "$build/node_modules" "$source/node_modules"
  try "$node" "$build/typescript/bin/tsc" -p "$source/tsconfig.here.json" --noCheck --outDir "$app.new"
  install -D -m 0644 -t "$app.new/state" "$tree"/state/*.sql
  install -D -m 0644 -t "$app.new/state/dialects" "$tree"/state/dialects/*.sql
  install -D -m 0644 -t "$app.new/state/migrations" "$tree"/state/migrations/*.sql
  cp "$tree/package.json" "$app.new/"
  cp -al "$build/node_modules" "$app.new/node_modules"
  only_roots "$app.new"
  echo "$1" >"$app.new/.digest"
}

only_roots() {
  chown -R root:root "$1"
  chmod -R u=rwX,go=rX "$1"
}

swap_in() {
  local word=created
  rm -rf "$app.old"
  if [ -e "$app" ]; then
    word=changed
    mv -T "$app" "$app.old"
  fi
  mv -T "$app.new" "$app"
  rm -rf "$app.old"
  line "$word" "$app/"
}
