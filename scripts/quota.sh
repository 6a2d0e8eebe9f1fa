#!/bin/bash
# Tries the limits of the disk with a kernel that counts projects: boots one in QEMU, which needs nothing of this
# machine's own kernel, with the executor's own code and the tools that it calls, on a disk in memory
# (test/quota/in-the-kernel.ts). What it prints is TAP.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: quota.sh [FILE_SYSTEM]

FILE_SYSTEM  ext4 (the default) or xfs

As root on Debian, amd64; QEMU is installed, and a kernel fetched, where they are not here. Without KVM: it takes about
a minute. Exit code 1 where something does not hold, 77 where this machine cannot try.
TEXT
}

cannot() {
  printf 'quota.sh: %s\n' "$1" >&2
  exit 77
}

case ${1:-} in -h | --help) usage && exit 0 ;; esac
type=${1:-ext4}
[[ $type =~ ^(ext4|xfs)$ ]] || { usage >&2 && exit 2; }
tree=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
cache=${SCULPTOR_MACHINE_CACHE:-/var/cache/sculptor-machine}/quota
[ "$(id -u)" = 0 ] || cannot 'only root can install what it needs'
[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || cannot 'it knows the kernel of Debian for amd64 alone'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

fetch() {
  export DEBIAN_FRONTEND=noninteractive
  local kernel
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  apt-get -q update >"$work/words" 2>&1 || cannot 'apt-get update ended with an error'
  if ! command -v qemu-system-x86_64 >/dev/null; then
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 qemu-system-x86 >"$work/words" 2>&1 ||
      cannot 'QEMU cannot be installed'
  fi
  if ! command -v cpio >/dev/null; then
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 cpio >"$work/words" 2>&1 ||
      cannot 'cpio cannot be installed'
  fi
  kernel=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1)
  [ -n "$kernel" ] || cannot 'there is no package linux-image-cloud-amd64'
  if [ "$(cat "$cache/complete" 2>/dev/null)" != "$kernel" ]; then
    rm -rf "$cache/complete" "$cache/root"
    mkdir -p "$cache/root" "$work/packages"
    (cd "$work/packages" && apt-get -q -o APT::Sandbox::User=root download "$kernel" quota libtirpc3 xfsprogs libinih1 liburcu8 kmod libkmod2 >"$work/words" 2>&1) ||
      cannot 'the kernel and the tools cannot be fetched'
    for package in "$work"/packages/*.deb; do dpkg-deb --extract "$package" "$cache/root"; done
    echo "$kernel" >"$cache/complete"
  fi
  exec 9>&-
}

# take PROGRAM...: with the libraries that it wants.
take() {
  local program file
  for program in "$@"; do
    file=$(PATH=$PATH:$cache/root/bin:$cache/root/sbin:$cache/root/usr/sbin:$cache/root/usr/bin type -P "$program") || cannot "there is no $program here"
    mkdir -p "$root/usr/bin"
    cp --dereference "$file" "$root/usr/bin/$program"
    LD_LIBRARY_PATH=$cache/root/usr/lib/x86_64-linux-gnu:$cache/root/lib/x86_64-linux-gnu ldd "$file" 2>/dev/null |
      grep -o '/[^ ]*' | while read -r file; do
      file=${file#"$cache/root"}
      [ -e "$file" ] || file=$cache/root$file
      mkdir -p "$root$(dirname "${file#"$cache/root"}")"
      cp --dereference --no-clobber "$file" "$root${file#"$cache/root"}"
    done
  done
}

# What it finds is as it is on a server, but for the init.
fill() {
  local folder module
  mkdir -p "$root"/{usr/sbin,usr/lib/sculptor,proc,sys,dev,tmp,home/www,etc/sculptor,var/lib/sculptor-root,src,modules}
  for folder in bin sbin lib lib64; do
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
  done
  take bash mount umount mkdir chmod ln kmod node setquota repquota findmnt chattr lsattr find setpriv flock mv sed nice ionice \
    du rm sync dd stat cat "mkfs.$type"
  ln -s kmod "$root/usr/bin/insmod"
  for program in setquota repquota; do ln -s "../bin/$program" "$root/usr/sbin/$program"; done
  install -m 0755 "$tree/systemd/disk-quota" "$root/usr/lib/sculptor/disk-quota"
  compile
  for module in brd quota_tree quota_v2 crc32c_generic libcrc32c xfs; do
    find "$cache/root" -name "$module.ko*" -exec cp {} "$root/modules/" \;
  done
  echo 'root:x:0:0::/:' >"$root/etc/passwd"
  cat >"$root/init" <<TEXT
#!/bin/bash
export PATH=/usr/sbin:/usr/bin
mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs devtmpfs /dev && mount -t tmpfs tmpfs /tmp
for module in quota_tree quota_v2 crc32c_generic libcrc32c xfs; do
  [ ! -e /modules/\$module.ko ] || insmod /modules/\$module.ko
done
insmod /modules/brd.ko rd_nr=1 rd_size=524288
case $type in
  ext4) mkfs.ext4 -q -O quota,project -E quotatype=prjquota /dev/ram0 ;;
  xfs) mkfs.xfs -q /dev/ram0 ;;
esac
mount -o prjquota /dev/ram0 /home/www && chmod 0711 /home/www
echo '# begins'
node --test-reporter=tap /src/test/quota/in-the-kernel.js
echo "# ended with \$?"
echo o >/proc/sysrq-trigger
while :; do :; done
TEXT
  chmod 0755 "$root/init"
}

compile() {
  cat >"$work/tsconfig.json" <<TEXT
{ "extends": "$tree/tsconfig.build.json",
  "compilerOptions": { "noCheck": true, "rootDir": "$tree", "outDir": "$root/src", "types": [] },
  "include": [], "files": ["$tree/test/quota/in-the-kernel.ts"] }
TEXT
  node "$tree/node_modules/typescript/bin/tsc" -p "$work/tsconfig.json" >"$work/words" 2>&1 || { cat "$work/words" >&2 && exit 1; }
  mkdir -p "$root/src/node_modules"
  cp -r "$tree/node_modules/zod" "$root/src/node_modules/"
  cp "$tree/package.json" "$root/src/"
}

boot() {
  (cd "$root" && find . -print0 | cpio --null --create --quiet --format=newc --owner=0:0 >"$work/initrd")
  timeout --kill-after=10 600 qemu-system-x86_64 -machine q35 -accel tcg -cpu max -smp 2 -m 1500 -nodefaults -nographic \
    -serial stdio -no-reboot -kernel "$(echo "$cache"/root/boot/vmlinuz-*)" -initrd "$work/initrd" \
    -append 'console=ttyS0 panic=-1 quiet sysrq_always_enabled=1' </dev/null | tr -d '\r' | tee "$work/said" |
    sed -n '/# begins$/,$p'
}

fetch
fill
boot
grep -q '^# ended with 0$' "$work/said" || { tail -n 20 "$work/said" >&2 && exit 1; }
