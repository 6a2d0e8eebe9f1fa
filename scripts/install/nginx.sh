# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# nginx with the agent's configuration, and the certificate of the server's own name.

install_nginx() {
  local changed=
  hint='nginx -t -c /etc/nginx/sculptor/nginx.conf tells more; run this again afterwards.'
  install_certificate
  put_nginx_files
  try nginx -t -q -c /etc/nginx/sculptor/nginx.conf
  ensure_file /etc/logrotate.d/sculptor 0644 root:root <"$tree/systemd/logrotate.conf"
  ensure_file /etc/cron.d/sculptor 0644 root:root <"$tree/systemd/logs.cron"
  if [ "$mode" = systemd ]; then
    ensure_dir "$units/nginx.service.d" 0755 root:root
    put_unit nginx.service.d/sculptor.conf "$tree/systemd/nginx/service.conf"
    # Until now it may run on the distribution's configuration.
    [ "$outcome" = unchanged ] || wants_restart nginx
    reload_units
    start_unit nginx.service nginx
  else
    put_program sculptor-nginx "$tree/systemd/supervisor/nginx.conf"
    start_supervisor
    start_program sculptor-nginx nginx
  fi
  if [ -n "$changed" ] && [ "$outcome" = unchanged ]; then
    try nginx -c /etc/nginx/sculptor/nginx.conf -s reload
    line changed 'nginx has read its configuration anew'
  fi
}

put_nginx_files() {
  local file listen folder=/etc/nginx/sculptor
  for file in "$folder" "$folder/agent" "$folder/listen" "$folder/parts" "$folder/sites"; do
    ensure_dir "$file" 0755 root:root
  done
  # What is made in the first has its group: nginx's workers look up there who may visit a site.
  ensure_dir "$folder/visitors" 2750 root:nginx
  ensure_dir "$folder/snippets" 0700 root:root
  for listen in 'http 80' 'http-default 80 default_server' 'https 443 ssl' 'https-default 443 ssl default_server'; do
    # shellcheck disable=SC2086 # words
    listen_lines ${listen#* } | put_nginx_file "listen/${listen%% *}.conf"
  done
  for file in fastcgi probe proxy serve site; do
    put_nginx_file "parts/$file.conf" <"$tree/systemd/nginx/parts/$file.conf"
  done
  put_nginx_file parts/tls-closed.conf <"$tree/systemd/nginx/parts/$(tls_closed).conf"
  filled "$tree/systemd/nginx/agent/api.conf" "serverName=$server_name" | put_nginx_file agent/api.conf
  put_nginx_file nginx.conf <"$tree/systemd/nginx/nginx.conf"
}

put_nginx_file() {
  ensure_file "/etc/nginx/sculptor/$1" 0644 root:root
  [ "$outcome" = unchanged ] || changed=1
}

# listen_lines PORT [WORD...]
listen_lines() {
  local port=$1 http2=
  shift
  [ "$port" != 443 ] || http2=$(http2_word)
  [ -z "${http2#on}" ] || set -- "$@" http2
  echo "listen $port${*:+ $*};"
  # Where the kernel has no IPv6, nginx would not start with it.
  [ ! -e /proc/net/if_inet6 ] || echo "listen [::]:$port${*:+ $*};"
  [ "$http2" != on ] || echo 'http2 on;'
}

tls_closed() {
  if nginx_is_from 1.19.4; then
    echo tls-closed-reject
  else
    echo tls-closed-444
  fi
}

# From 1.25.1 on it is a server's to say, before that the port's.
http2_word() {
  if nginx_is_from 1.25.1; then echo on; else echo http2; fi
}

nginx_is_from() {
  local version
  version=$(nginx -v 2>&1 | sed -n 's|.*nginx/\([0-9.]*\).*|\1|p')
  printf '%s\n%s\n' "$1" "$version" | sort -V -C
}

# The certificate that an administrator has put there stays; ours is made anew when the name is another one or its
# end is near.
install_certificate() {
  local folder=/etc/sculptor/tls
  [ "$(tls_closed)" = tls-closed-reject ] || make_certificate nobody invalid.invalid
  if is_foreign "$folder/server.crt"; then
    line unchanged "$folder/server.crt, which was given"
    ensure_rights "$folder/server.key" 0600 root:root
  else
    make_certificate server "$server_name"
  fi
}

organisation='Sculptor Agent self-signed'

is_foreign() {
  [ -s "$1" ] && ! openssl x509 -in "$1" -noout -issuer | grep -qF "$organisation"
}

# make_certificate FILE NAME
make_certificate() {
  local folder=/etc/sculptor/tls
  if [ -s "$folder/$1.key" ] && openssl x509 -in "$folder/$1.crt" -noout -checkend 2592000 >/dev/null 2>&1 &&
    openssl x509 -in "$folder/$1.crt" -noout -checkhost "$2" | grep -q 'does match'; then
    ensure_rights "$folder/$1.key" 0600 root:root
    ensure_rights "$folder/$1.crt" 0644 root:root
    return 0
  fi
  try openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 825 \
    -subj "/O=$organisation/CN=$(cut -c1-64 <<<"$2")" -addext "subjectAltName=DNS:$2" \
    -keyout "$work/key" -out "$work/crt"
  ensure_file "$folder/$1.key" 0600 root:root <"$work/key"
  ensure_file "$folder/$1.crt" 0644 root:root <"$work/crt"
  rm -f "$work/key" "$work/crt"
  text_is_its_own "$folder/$1.key"
  text_is_its_own "$folder/$1.crt"
  changed=1
}
