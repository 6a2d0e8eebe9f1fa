# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# What the network reaches: a table of nftables that is ours, beside those of others. Root changes it with sculptorctl.

install_firewall() {
  local rules=/etc/sculptor/firewall/rules.nft
  [ "$mode" = systemd ] || { line unchanged 'no firewall: the network is that of who runs this container' && return 0; }
  can_filter || { line unchanged 'no firewall: nft can do nothing here; close the ports of this server where its network is made' && return 0; }
  hint='sculptorctl firewall show and nft list ruleset tell more; run this again afterwards.'
  # Nobody but root learns from where ssh is reached.
  ensure_dir "${rules%/*}" 0700 root:root
  if [ -e "$rules" ]; then
    ensure_rights "$rules" 0600 root:root
  else
    # Until the first rules are confirmed there are none, at the next start neither.
    printf '%s\n' 'table inet sculptor' 'delete table inet sculptor' | ensure_file "$rules" 0600 root:root
  fi
  text_is_its_own "$rules"
  ensure_dir "$units/nftables.service.d" 0755 root:root
  put_unit nftables.service.d/sculptor.conf "$tree/systemd/nftables-service.conf"
  reload_units
  start_unit sculptor-firewall.service firewall
  renew_firewall
  tell_other_firewalls
}

# Whether the kernel takes what our rules are made of, from here: asked with a table that does not come about.
can_filter() {
  [ -n "${filters:-}" ] || if nft -c -f - >"$work/words" 2>&1 <<'TEXT'; then filters=yes; else filters=no; fi
table inet sculptor_probe {
  set numbers { type inet_service; elements = { 22 }; }
  set networks { type ipv4_addr; flags interval; auto-merge; elements = { 192.0.2.0/24 }; }
  chain input {
    type filter hook input priority filter + 10; policy drop;
    iif lo accept
    ct state vmap { established : accept, invalid : drop }
    icmpv6 type { nd-neighbor-solicit } accept
    ip saddr @networks tcp dport @numbers accept
  }
}
TEXT
  [ "$filters" = yes ]
}

renew_firewall() {
  local said=$work/firewall closed
  sculptorctl --json firewall renew >"$said" 2>"$work/words" || { words && fail 'the firewall could not be set up'; }
  case $(sed -n 's/^ *"outcome": "\(.*\)",$/\1/p' "$said") in
    unchanged) line unchanged 'the firewall lets in ssh, http, https and what root has opened' ;;
    changed) line changed 'the firewall lets in ssh, http, https and what root has opened' ;;
    'on trial')
      line changed 'the firewall is up for 60 seconds: log in anew and run sculptorctl firewall confirm, or it is as before'
      ;;
    *) cat "$said" >"$work/words" && words && fail 'the firewall does not say how it is' ;;
  esac
  while read -r closed; do
    line changed "the network does not reach $closed any more; sculptorctl firewall open PORT has it do so"
  done < <(sed -n '/"closed": \[$/,/\]/s/^ *"\(.*\)",\{0,1\}$/\1/p' "$said")
}

tell_other_firewalls() {
  local other
  for other in ufw firewalld nftables; do
    systemctl is-active --quiet "$other.service" || continue
    line unchanged "$other is here too: what it closes stays closed, and what it opens wants sculptorctl firewall open PORT"
  done
}
