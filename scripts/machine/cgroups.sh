# shellcheck shell=bash
# The machine gets a group of its own in every hierarchy, so that the limits which systemd sets inside hold.
#
# Where this machine has cgroup v1 or hybrid, so does the guest: a controller that v1 holds cannot be had in
# v2 without taking it from the host. MemoryMax=, TasksMax=, CPUQuota= and DeviceAllow= work there all the
# same (systemd translates them). With a pure cgroup v2 the guest has that, with the controllers that the
# host lets through.

# Each line: the folder of this process's own group in one hierarchy.
own_groups() {
  local id controllers path mounted
  while IFS=: read -r id controllers path; do
    mounted=$(hierarchy_folder "$id" "$controllers")
    [ -z "$mounted" ] || printf '%s\n' "$mounted${path%/}"
  done <"/proc/${1:-self}/cgroup"
}

hierarchy_folder() {
  if [ "$1" = 0 ]; then
    awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
  else
    awk -v want="$2" '$3 == "cgroup" && index("," $4 ",", "," want ",") { print $2; exit }' /proc/mounts
  fi
}

# Moves the calling shell into a group of that name below where it is.
enter_group() {
  local folder
  for folder in $(own_groups "$BASHPID"); do
    hand_down_controllers "$folder"
    { mkdir -p "$folder/$1" && prepare_cpuset "$folder" "$folder/$1" && echo "$BASHPID" >"$folder/$1/cgroup.procs"; } 2>/dev/null || true
  done
}

# In v2 a group has only the controllers that its parent gives it.
hand_down_controllers() {
  local controllers controller
  [ -e "$1/cgroup.controllers" ] || return 0
  read -ra controllers <"$1/cgroup.controllers" || true
  for controller in "${controllers[@]}"; do
    { echo "+$controller" >"$1/cgroup.subtree_control"; } 2>/dev/null || true
  done
}

# A cpuset of v1 takes no process before it has processors and memory.
prepare_cpuset() {
  [ -e "$2/cpuset.mems" ] && [ -e "$1/cpuset.mems" ] || return 0
  cat "$1/cpuset.cpus" >"$2/cpuset.cpus"
  cat "$1/cpuset.mems" >"$2/cpuset.mems"
}

# Moves the calling shell to where another process is.
join_groups_of() {
  local folder
  for folder in $(own_groups "$1"); do
    { echo "$BASHPID" >"$folder/cgroup.procs"; } 2>/dev/null || true
  done
}

remove_cgroups() {
  local tries=0
  # A group stays busy for a moment after its last process has ended.
  while [ $tries -lt 20 ] && [ -n "$(find /sys/fs/cgroup -type d -name "$1" -print -quit 2>/dev/null)" ]; do
    [ $tries = 0 ] || sleep 0.05
    find /sys/fs/cgroup -depth -type d \( -name "$1" -o -path "*/$1/*" \) -delete 2>/dev/null || true
    tries=$((tries + 1))
  done
}

# A group carries the number of the process that keeps it; where that was killed, the group is left over.
remove_stale_cgroups() {
  local name
  for name in $(find /sys/fs/cgroup -type d -name 'sculptor-machine-*' -printf '%f\n' 2>/dev/null | sort -u); do
    [ -d "/proc/${name##*-}" ] || remove_cgroups "$name"
  done
}
