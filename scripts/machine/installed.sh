# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# The agent of this tree, put on a bare machine by its own installer.
#
# Two layers, because an installation takes minutes and the tree changes all the time. The ground is the first
# installation with these packages, modules and migrations. Where anything else has changed since, the installer
# runs once more over it, as on any server that gets a newer tree. (That it can install the whole is tried on
# fresh machines.)

install_command=${SCULPTOR_MACHINE_INSTALL:-$guest_tree/scripts/install.sh --yes}

installed_layer() {
  local digest inputs
  digest=$(tree_digest | key_of)
  inputs="1 $install_command $base $npm"
  hold ground "$( (echo "$inputs" && tree_digest | ground_only) | key_of)" "build_installed $digest"
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
  grep -E '^\./(scripts/install/(packages|node)\.sh |scripts/node-version |package(-lock)?\.json |\.npmrc |state/migrations/)'
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
}

# The modules lie beside the tree, for the tests; what the installer made has its own.
show_node_modules() {
  [ -d "$tree/node_modules" ] || return 0
  mkdir -p "$run/src/node_modules"
  machine_binds+=("--bind-ro=$tree/node_modules:$guest_tree/node_modules")
}
