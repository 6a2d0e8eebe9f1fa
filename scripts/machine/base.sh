# shellcheck shell=bash disable=SC2034,SC2154 # the parts of inside.sh share their variables
# Debian as it comes, with nothing of ours, and in apt's cache what the installation wants.
# The archive, its keys, proxies and certificates are what apt on this machine is set up with.

base_version=1

base_layer() {
  hold "base-$suite" "$(printf '%s\n' "$base_version" "$sources" "$(cat "$here/packages")" | key_of)" build_base
  base=$layer
}

packages() {
  sed -n "s/^$1 //p" "$here/packages"
}

build_base() {
  local root=$layer/root mirror keyring
  note "making a root file system of $suite (a few minutes, once)"
  mirror=$(awk -v suite="$suite" '$3 == suite { print $2; exit }' <<<"$sources")
  keyring=/usr/share/keyrings/$(awk '{ print $1; exit }' <<<"$sources")-archive-keyring.gpg
  debootstrap --variant=minbase --keyring="$keyring" --include="$(packages base | tr ' ' ',')" \
    --components="$(awk -v suite="$suite" '$3 == suite { print $4 }' <<<"$sources" | paste -sd,)" "$suite" "$root" "$mirror"
  write_sources "$root" "$keyring"
  guest_apt update
  upgrade_base "$root"
  download_packages
  tidy_base "$root"
}

write_sources() {
  awk -v key="$2" '{ print "deb [signed-by=" key "] " $2 " " $3 " " $4 }' <<<"$sources" >"$1/etc/apt/sources.list"
  # There is no way out: saying so once is enough.
  echo 'Acquire::Retries "0";' >"$1/etc/apt/apt.conf.d/10no-retries"
}

# This machine's apt with its settings, working on the new root's lists and archives.
guest_apt() {
  local root=$layer/root
  apt-get -q -y -o Dir::State="$root/var/lib/apt" -o Dir::State::status="$root/var/lib/dpkg/status" \
    -o Dir::Cache="$root/var/cache/apt" -o Dir::Etc::SourceList="$root/etc/apt/sources.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o APT::Sandbox::User=root -o APT::Keep-Downloaded-Packages=true -o APT::Update::Error-Mode=any "$@"
}

upgrade_base() {
  guest_apt dist-upgrade --download-only
  mount -t proc proc "$1/proc"
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 0755 "$1/usr/sbin/policy-rc.d"
  DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -q -y dist-upgrade
  umount "$1/proc"
}

# One line of the list at a time, as somebody would install it, and all at once: the two may resolve differently.
download_packages() {
  local line
  note 'downloading the packages that a machine may install'
  # shellcheck disable=SC2046
  guest_apt install --download-only --no-install-recommends $(packages keep) $(packages lean)
  while read -ra line; do guest_apt install --download-only "${line[@]}"; done < <(packages keep)
  while read -ra line; do (cd "$layer/root/var/cache/apt/archives" && guest_apt download "${line[@]}"); done < <(packages file)
}

tidy_base() {
  rm -f "$1/usr/sbin/policy-rc.d" "$1/etc/hostname"
  # A machine makes its own number; its first resolver would be this machine's.
  : >"$1/etc/machine-id"
  : >"$1/etc/resolv.conf"
  rm -f "$1/var/lib/dbus/machine-id"
}
