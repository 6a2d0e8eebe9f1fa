# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# Layers are folders in the cache, named by what they were made from. A layer in use is locked (shared);
# while it is built, exclusively, so that of two that want it one builds and the other waits.

lock_fds=("$progress")

# hold KIND KEY BUILD: sets $layer to the folder, built by BUILD (a function, its arguments) if it is not there.
hold() {
  local kind=$1 key=$2 build=$3 fd
  layer=$cache/$kind-$key
  mkdir -p "$cache/locks"
  exec {fd}>"$cache/locks/$kind-$key"
  lock_fds+=("$fd")
  flock --shared "$fd"
  if [ ! -e "$layer/complete" ]; then
    flock --exclusive "$fd"
    [ -e "$layer/complete" ] || make_layer "$kind" "$build"
    flock --shared "$fd"
  fi
  touch "$layer/complete"
}

make_layer() {
  local log=$layer/log started=$SECONDS
  rm -rf --one-file-system "$layer"
  mkdir -p "$layer"
  # Not in a condition: there bash would go on after a failed line.
  set +e
  (
    set -e
    # shellcheck disable=SC2086 # a function and its arguments
    $2
  ) </dev/null >"$log" 2>&1
  local code=$?
  set -e
  if [ $code -ne 0 ]; then
    tail -n 40 "$log" >&2
    fail "making the layer '$1' failed; all of it is in $log"
  fi
  touch "$layer/complete"
  note "layer '$1' made in $((SECONDS - started)) s"
  prune "$1"
}

# The last twelve of a kind stay, and whatever a machine is running on. What was never completed was interrupted.
prune() {
  local old fd
  for old in $(layers_of "$1" | sort -rn | tail -n +13 | cut -d' ' -f2) $(layers_of "$1" | sed -n 's/^0 //p'); do
    exec {fd}>"$cache/locks/${old##*/}"
    if flock --exclusive --nonblock "$fd"; then
      rm -rf --one-file-system "$old"
    fi
    exec {fd}>&-
  done
}

# Each line: when the layer was last used, its folder.
layers_of() {
  local folder
  for folder in "$cache/$1"-*/; do
    printf '%s %s\n' "$(stat -c %Y "$folder/complete" 2>/dev/null || echo 0)" "${folder%/}"
  done
}

close_locks() {
  local fd
  for fd in "${lock_fds[@]}"; do exec {fd}>&-; done
}

key_of() {
  sha256sum | cut -c1-16
}

# mount_root AT KEPT: the layers in $lower with what the machine writes in KEPT/upper.
mount_root() {
  mkdir -p "$1" "$2/upper" "$2/work"
  # What is on by default for these differs between kernels, and with them an upper folder could not become a layer.
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$2/upper,workdir=$2/work,redirect_dir=off,index=off,metacopy=off" "$1" ||
    fail 'an overlay cannot be mounted here, so no throwaway server can run' 77
  printf '%s\n' "$name" >"$1/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost ip6-localhost ip6-loopback\n' "$name" >"$1/etc/hosts"
  mkdir -p "$1$guest_tree"
}
