# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# What this installation has put in place, and how: `sculptorctl doctor` looks whether it is still so.

# Each line: KIND MODE OWNER:GROUP SHA256 PATH, with - for what is not said. See ensure.sh.
note_installed() {
  {
    things_seen_to
    code_files
  } | LC_ALL=C sort -k 5 | ensure_file "$own/installed" 0600 root:root
}

things_seen_to() {
  local path kind mode owner sha256
  for path in "${!seen_to[@]}"; do
    [ "$path" != "$own/installed" ] || continue
    read -r kind mode owner <<<"${seen_to[$path]}"
    sha256=-
    [ "$kind" != content ] || sha256=$(sha256sum <"$path" | cut -d' ' -f1)
    echo "$kind $mode $owner $sha256 $path"
  done
}

# Owner and mode are alike for all of it.
code_files() {
  find "$app" "$node_home" -type f -print0 | xargs -0 sha256sum | sed -E 's|^([0-9a-f]{64})  |code - root:root \1 |'
}
