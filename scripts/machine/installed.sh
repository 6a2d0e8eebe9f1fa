# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# The agent of this tree, put on a bare machine by its own installer.
#
# Two layers, because an installation takes minutes and the tree changes all the time. The ground is the first
# installation with these packages and modules. Where anything else has changed since, the installer runs once more
# over it, as on any server that gets a newer tree. (That it can install the whole is tried on fresh machines.)
# A migration that the ground has and this tree has not, or has otherwise, cannot be taken back: then it has a
# ground of its own.

install_command=${SCULPTOR_MACHINE_INSTALL:-$guest_tree/scripts/install.sh --yes}

installed_layer() {
  local digest inputs
  digest=$(tree_digest | key_of)
  inputs="2 $install_command $base $npm"
  hold ground "$( (echo "$inputs" && tree_digest | ground_only) | key_of)" "build_installed $digest"
  if ! goes_on_from "$layer/migrations"; then
    hold ground "$( (echo "$inputs" && tree_digest | ground_only && migrations) | key_of)" "build_installed $digest"
  fi
  lower=$layer/upper:$lower
  if [ "$(cat "$layer/digest")" != "$digest" ]; then
    hold installed "$(echo "$layer $digest" | key_of)" "build_installed $digest"
    lower=$layer/upper:$lower
  fi
}

# Everything that the installer may read: mode, path and digest.
tree_digest() (
  cd "$run/src" || exit
  files=(-type f -not -path './test/*' -not -path './docs/*' -not -path './.ci/*' -not -name '*.md'
    -not -path './scripts/machine*' -not -path './scripts/test.sh')
  export LC_ALL=C
  paste -d' ' <(find . "${files[@]}" -printf '%p\0%m\n' | sort | tr '\0' ' ') \
    <(find . "${files[@]}" -print0 | sort -z | xargs -0 sha256sum | cut -d' ' -f1)
)

ground_only() {
  grep -E '^\./(scripts/install/(packages|node)\.sh |scripts/node-version |package(-lock)?\.json |\.npmrc )'
}

migrations() {
  tree_digest | grep '^\./state/migrations/'
}

# Every migration of the ground is in this tree, as it was.
goes_on_from() {
  [ -z "$(LC_ALL=C comm -23 "$1" <(migrations))" ]
}

build_installed() {
  note 'installing the agent of this tree'
  mkdir -p "$layer/root"
  mount_root "$layer/root" "$layer"
  boot "$layer/root"
  in_machine /bin/sh -c "$install_command"
  power_off
  umount "$layer/root"
  rmdir "$layer/root"
  rm -rf "$layer/work" "$layer/upper/var/log/journal/"* "$layer/upper/var/lib/systemd/random-seed" \
    "$layer/upper/var/cache/apt/"*.bin
  # Every machine has its own number.
  : >"$layer/upper/etc/machine-id"
  echo "$1" >"$layer/digest"
  migrations >"$layer/migrations"
}

# The modules lie beside the tree, for the tests; what the installer made has its own.
show_node_modules() {
  [ -d "$tree/node_modules" ] || return 0
  mkdir -p "$run/src/node_modules"
  machine_binds+=("--bind-ro=$tree/node_modules:$guest_tree/node_modules")
}
