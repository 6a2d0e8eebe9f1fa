#!/bin/bash
# The first process of a machine without systemd: a root file system, a loopback, and a shell that reaps.
set -euo pipefail

root=$1
name=$2
shift 2

make_devices() {
  local node
  mount -t tmpfs -o mode=0755,nosuid tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
}

hostname "$name"
ip link set lo up
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$root/run"
mkdir -m 1777 "$root/run/lock"
make_devices
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# The kernel is this machine's own: nothing in there may set it.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"

# So that nothing of this machine can be reached by a path.
cd "$root"
pivot_root . .
umount --lazy .
cd /

# The shell stays as PID 1: it reaps, and its end is the end of all that COMMAND left running.
# What it says itself (of a command that was killed) is not COMMAND's.
# shellcheck disable=SC2016
exec env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 TERM="${TERM:-dumb}" \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /bin/bash -c '{ "$@" 2>&3 3>&-; } 3>&2 2>/dev/null; exit $?' init "$@"
