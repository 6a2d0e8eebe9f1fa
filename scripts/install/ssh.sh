# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# How sites take files: a part of the configuration of the OpenSSH that is here. Without systemd nobody starts an sshd
# for us; where one is, its next start reads this.

install_ssh() {
  hint='sshd -t tells more; run this again afterwards.'
  if [ ! -d /etc/ssh/sshd_config.d ]; then
    line unchanged 'there is no OpenSSH server here, so no site takes files by SFTP'
    return 0
  fi
  ensure_file /etc/ssh/sshd_config.d/00-sculptor.conf 0644 root:root <"$tree/systemd/ssh/sculptor.conf"
  [ "$outcome" != unchanged ] || return 0
  check_ssh || {
    rm -f /etc/ssh/sshd_config.d/00-sculptor.conf
    words
    fail 'sshd refuses what sites need in its configuration'
  }
  # A socket that starts an sshd for each connection has none that reads anew.
  if [ "$mode" = systemd ] && systemctl is-active --quiet ssh.service; then
    try systemctl reload ssh.service
    line changed 'sshd has read its configuration anew'
  fi
}

# Where systemd starts it, its folder for privilege separation comes and goes with it.
check_ssh() {
  [ -d /run/sshd ] || install -d -m 0755 /run/sshd
  sshd -t >"$work/words" 2>&1
}
