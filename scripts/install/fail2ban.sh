# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Where fail2ban is: what it can read of failed logins at the API, and the jails of the API and of sshd.

f2b=/etc/fail2ban
jails=(00-sculptor.conf sculptor.conf sculptor.local)

install_fail2ban() {
  [ -d $f2b/filter.d ] || return 0
  hint='fail2ban-client -t and journalctl -u fail2ban tell more; run this again afterwards.'
  local filter
  for filter in sculptor-api.conf sculptor-sshd.conf; do
    ensure_file "$f2b/filter.d/$filter" 0644 root:root <"$tree/systemd/fail2ban/$filter"
    [ "$outcome" = unchanged ] || wants_restart fail2ban
  done
  # Its jails read the journal.
  [ "$mode" = systemd ] || return 0
  is_installed python3-systemd || { apt_install python3-systemd && line created 'package python3-systemd'; }
  put_jails
  [ -n "${restart[fail2ban]:-}" ] && systemctl is-enabled --quiet fail2ban.service || return 0
  try systemctl reload-or-restart fail2ban.service
  unset 'restart[fail2ban]'
  line changed 'fail2ban has read its jails anew'
}

put_jails() {
  local file
  check_panel
  for file in "${jails[@]}"; do
    [ ! -e "$f2b/jail.d/$file" ] || cp -p "$f2b/jail.d/$file" "$work/former-$file"
  done
  put_jail 00-sculptor.conf
  put_jail sculptor.conf "ports=$(ssh_ports)"
  put_jail sculptor.local "panel=$(fact panelAddresses)"
  # An installation that broke off may have written them, and not come to have them read.
  fail2ban-client status sculptor-api >/dev/null 2>&1 || wants_restart fail2ban
  [ -n "${restart[fail2ban]:-}" ] || return 0
  fail2ban-client -t >"$work/words" 2>&1 || take_back_jails
}

# put_jail FILE [NAME=VALUE]
put_jail() {
  filled "$tree/systemd/fail2ban/$1" "${@:2}" | ensure_file "$f2b/jail.d/$1" 0644 root:root
  [ "$outcome" = unchanged ] || wants_restart fail2ban
}

# What is wrong may be in another file, and what worked before is not to be lost for it.
take_back_jails() {
  local file
  words
  for file in "${jails[@]}"; do
    if [ -e "$work/former-$file" ]; then mv -fT "$work/former-$file" "$f2b/jail.d/$file"; else rm -f "$f2b/jail.d/$file"; fi
  done
  fail "fail2ban refuses its configuration with our jails, which are as they were"
}

ssh_ports() {
  sshd -T | sed -n 's/^listenaddress .*:\([0-9]*\)$/\1/p' | sort -nu | paste -sd,
}

# From where the panel comes, set by the administrator in agent.json: addresses and networks with blanks between them.
check_panel() {
  local word
  for word in $(fact panelAddresses); do
    [[ $word =~ ^[0-9a-fA-F.:]{2,45}(/[0-9]{1,3})?$ ]] ||
      fail "panelAddresses in /etc/sculptor/agent.json has $word, which is no address" 'mend it, then run this again.'
  done
}
