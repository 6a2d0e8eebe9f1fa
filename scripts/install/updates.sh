# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Security updates of the distribution, and nothing else, install themselves.

install_updates() {
  local timer
  hint='apt-config dump says what apt makes of its files in /etc/apt/apt.conf.d.'
  ensure_file /etc/apt/apt.conf.d/99-sculptor-updates 0644 root:root understood_by_apt <"$tree/systemd/apt/updates.conf"
  # Where systemd is not, the distribution's /etc/cron.daily/apt-compat does what these do.
  [ "$mode" = systemd ] || return 0
  for timer in apt-daily.timer apt-daily-upgrade.timer; do
    once "$timer-on" "$timer, which installs security updates, is on" systemctl enable --now "$timer"
  done
}

# What apt cannot read keeps it from doing anything at all.
understood_by_apt() {
  apt-config --config-file="$1" dump
}
