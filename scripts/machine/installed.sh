# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# The agent of this tree, installed on a bare machine by its own installer, kept as one more layer.

install_command=${SCULPTOR_MACHINE_INSTALL:-$guest_tree/scripts/install.sh --yes}

installed_layer() {
  hold installed "$( (echo "1 $install_command $base $npm" && tree_digest) | key_of)" build_installed
  installed=$layer
}

# Everything that the installer may read.
tree_digest() {
  (cd "$run/src" && find . -type f -not -path './test/*' -not -path './docs/*' -not -path './.ci/*' -not -name '*.md' \
    -not -path './scripts/machine*' -not -path './scripts/test.sh' -printf '%m %p\0' | sort -z |
    while IFS= read -r -d '' line; do printf '%s %s\n' "$line" "$(sha256sum <"${line#* }")"; done)
}

build_installed() {
  note 'installing the agent on a bare machine'
  mkdir -p "$layer/root"
  mount_root "$layer/root" "$layer"
  boot "$layer/root"
  in_machine /bin/sh -c "$install_command"
  power_off
  umount "$layer/root"
  rmdir "$layer/root"
  rm -rf "$layer/work" "$layer/upper/var/log/journal/"* "$layer/upper/var/lib/systemd/random-seed"
  # Every machine has its own number.
  : >"$layer/upper/etc/machine-id"
}

# The modules lie beside the tree, for the tests; what the installer made has its own.
show_node_modules() {
  [ -d "$tree/node_modules" ] || return 0
  mkdir -p "$run/src/node_modules"
  machine_binds+=("--bind-ro=$tree/node_modules:$guest_tree/node_modules")
}
