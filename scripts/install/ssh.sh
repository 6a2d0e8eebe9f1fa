# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# How sites take files: a part of the configuration of the OpenSSH that is here. Without systemd Supervisor keeps an sshd,
# which lets in sites alone; where one runs already, its next start reads this.

install_ssh() {
  hint='sshd -t tells more; run this again afterwards.'
  local part=/etc/ssh/sshd_config.d/00-sculptor.conf
  # Where systemd starts it, its folder for privilege separation comes and goes with it.
  [ -d /run/sshd ] || install -d -m 0755 /run/sshd
  [ ! -e "$part" ] || cp -p "$part" "$work/sshd-part"
  ensure_file "$part" 0644 root:root <"$tree/systemd/ssh/sculptor.conf"
  if [ "$outcome" != unchanged ]; then
    check_ssh || take_back_ssh "$part"
    wants_restart sshd
  fi
  is_ssh_ours || line unchanged "sshd does not read $part, so no site takes files by SFTP until /etc/ssh/sshd_config includes it"
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

# What is wrong may be in another file, and then what worked before is not to be lost for it.
take_back_ssh() {
  words
  if [ -e "$work/sshd-part" ]; then mv -fT "$work/sshd-part" "$1"; else rm -f "$1"; fi
  check_ssh || fail "sshd refuses its configuration without what sites need too, in the file that it names above; $1 is as it was"
  fail "sshd refuses what sites need in its configuration; $1 is as it was"
}

# Whether sshd goes by it for a site's user.
is_ssh_ours() {
  sshd -T -C user=s-aaaaaaaaaaaa,host=localhost,addr=203.0.113.1 >"$work/sshd-says" 2>&1 &&
    grep -qxF 'forcecommand internal-sftp -u 0027' "$work/sshd-says"
}

check_ssh() {
  sshd -t >"$work/words" 2>&1
}
