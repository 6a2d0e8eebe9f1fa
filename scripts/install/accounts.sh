# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Users, groups and folders.

install_accounts() {
  local account words=()
  for account in www nginx sculptor-cache sculptor sculptor-mail sculptor-acme; do
    if getent passwd "$account" >/dev/null; then words+=(unchanged); else words+=(created); fi
  done
  ensure_file /etc/sysusers.d/sculptor.conf 0644 root:root <"$tree/systemd/sysusers.conf"
  if [[ " ${words[*]} $outcome" != ' unchanged unchanged unchanged unchanged unchanged unchanged unchanged' ]] || ! getent group sculptor-queue >/dev/null; then
    try systemd-sysusers /etc/sysusers.d/sculptor.conf
  fi
  line "${words[0]}" 'user www, for sites that share one user'
  line "${words[1]}" 'user nginx, for its workers'
  line "${words[2]}" "user sculptor-cache, for the sites' caches"
  line "${words[3]}" 'user sculptor, for the privileged worker'
  line "${words[4]}" 'user sculptor-mail, for the mailer'
  line "${words[5]}" 'user sculptor-acme, for certbot'
}

install_folders() {
  local secrets=0700
  # Where no systemd hands them over, their readers have to come by.
  [ "$mode" = systemd ] || secrets=0711
  ensure_dir "$own" 0700 root:root
  ensure_dir "$own/registry" 0700 root:root
  ensure_dir "$own/cache" 0700 root:root
  ensure_dir "$own/trash" 0700 root:root
  ensure_dir "$own/trash/databases" 0700 root:root
  ensure_dir "$own/state-dumps" 0700 root:root
  # Root writes in it, so nobody else may: a link in the place of a file would have root change another's.
  ensure_dir /var/lib/sculptor 0750 root:sculptor
  ensure_dir /var/lib/sculptor-nginx 0755 root:root
  ensure_dir /etc/sculptor 0755 root:root
  ensure_dir /etc/sculptor/sites 0755 root:root
  ensure_dir /etc/sculptor/hosts 0755 root:root
  # Root's own lines for sites, by their names.
  ensure_dir /etc/sculptor/snippets 0700 root:root
  ensure_dir /etc/sculptor/programs 0700 root:root
  # Who has an account in the caches, and with what hash, is for their Redis alone.
  ensure_dir /etc/sculptor/cache 0750 root:sculptor-cache
  ensure_dir /etc/sculptor/secrets "$secrets" root:root
  # What is made in it has its group; the mailer reads there, and writes nothing.
  ensure_dir /etc/sculptor/mail 2750 root:sculptor-mail
  ensure_dir /etc/sculptor/tls 0755 root:root
  # Sites, and www-data, pass through the first two to the one folder that is theirs; they list neither.
  ensure_dir /var/lib/sculptor-mail 0711 root:root
  ensure_dir /var/lib/sculptor-mail/sites 0751 root:sculptor-mail
  ensure_dir /var/lib/sculptor-mail/sites/pool 2750 sculptor-mail:www
  ensure_dir /var/lib/sculptor-mail/sites/agent 2750 sculptor-mail:www-data
  ensure_dir /var/lib/sculptor-mail/spool 0700 sculptor-mail:sculptor-mail
  ensure_dir /var/lib/sculptor-mail/counts 0700 sculptor-mail:sculptor-mail
  ensure_dir /var/lib/sculptor-mail/told 0700 sculptor-mail:sculptor-mail
  # Certbot reads what root asks of it, and answers in one file that root makes for it.
  ensure_dir /etc/sculptor/acme 2750 root:sculptor-acme
  ensure_dir /etc/sculptor/acme/wanted 2750 root:sculptor-acme
  ensure_dir /var/lib/sculptor-acme 0755 root:root
  ensure_dir /var/lib/sculptor-acme/own 0700 sculptor-acme:sculptor-acme
  ensure_dir /var/lib/sculptor-acme/webroot 0755 root:root
  ensure_dir /var/lib/sculptor-acme/webroot/.well-known 0755 root:root
  # nginx finds in it what it is asked for; nobody lists it.
  ensure_dir /var/lib/sculptor-acme/webroot/.well-known/acme-challenge 0771 root:sculptor-acme
  ensure_dir /usr/lib/sculptor 0755 root:root
  ensure_dir /home/www 0711 root:root
  ensure_dir /home/www/.trash 0700 root:root
  ensure_dir /var/log/sculptor 0750 root:nginx
  ensure_dir /var/log/sculptor/nginx 0750 root:nginx
  ensure_dir /var/log/sculptor/programs 0700 root:root
  if [ "$mode" = supervisor ]; then
    ensure_dir /var/lib/sculptor-redis 0700 redis:sculptor-queue
    ensure_dir /var/lib/sculptor-php 0755 root:root
    ensure_dir /var/lib/sculptor-relay 0755 root:root
    ensure_dir /run/sculptor-probe 0750 root:sculptor
    return 0
  fi
  ensure_file /etc/tmpfiles.d/sculptor.conf 0644 root:root <"$tree/systemd/tmpfiles.conf"
  try systemd-tmpfiles --create /etc/tmpfiles.d/sculptor.conf
}
