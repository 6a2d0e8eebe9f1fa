# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# How sites take files: a part of the configuration of the OpenSSH that is here. Without systemd Supervisor keeps an sshd,
# which lets in sites alone; where one runs already, its next start reads this.

install_ssh() {
  hint='sshd -t tells more; run this again afterwards.'
  ensure_file /etc/ssh/sshd_config.d/00-sculptor.conf 0644 root:root <"$tree/systemd/ssh/sculptor.conf"
  if [ "$outcome" != unchanged ]; then
    check_ssh || {
      rm -f /etc/ssh/sshd_config.d/00-sculptor.conf
      words
      fail 'sshd refuses what sites need in its configuration'
    }
    wants_restart sshd
  fi
  if [ "$mode" = systemd ]; then reload_ssh; else start_ssh; fi
}

# A socket that starts an sshd for each connection has none that reads anew.
reload_ssh() {
  [ -n "${restart[sshd]:-}" ] && systemctl is-active --quiet ssh.service || return 0
  try systemctl reload ssh.service
  line changed 'sshd has read its configuration anew'
}

start_ssh() {
  local holder
  holder=$(holder_of 22)
  case $holder in
    '' | sshd) start_own sshd ;;
    *) line unchanged "port 22 is held by $holder, so no site takes files by SFTP" ;;
  esac
}

# Where systemd starts it, its folder for privilege separation comes and goes with it.
check_ssh() {
  [ -d /run/sshd ] || install -d -m 0755 /run/sshd
  sshd -t >"$work/words" 2>&1
}
