# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Security updates of the distribution, and nothing else, install themselves.

install_updates() {
  local timer
  hint='apt-config dump says what apt makes of its files in /etc/apt/apt.conf.d.'
  ensure_file /etc/apt/apt.conf.d/99-sculptor-updates 0644 root:root understood_by_apt <"$tree/systemd/apt/updates.conf"
  ensure_file /etc/dpkg/dpkg.cfg.d/sculptor-updates 0644 root:root <"$tree/systemd/apt/dpkg.conf"
  # Where systemd is not, the distribution's /etc/cron.daily/apt-compat does what these do.
  [ "$mode" = systemd ] || return 0
  ensure_dir "$units/apt-daily-upgrade.service.d" 0755 root:root
  put_unit apt-daily-upgrade.service.d/sculptor.conf "$tree/systemd/apt/service.conf"
  reload_units
  for timer in apt-daily.timer apt-daily-upgrade.timer; do
    once "$timer-on" "$timer, which installs security updates, is on" systemctl enable --now "$timer"
  done
}

# What apt cannot read keeps it from doing anything at all.
understood_by_apt() {
  apt-config --config-file="$1" dump
}
