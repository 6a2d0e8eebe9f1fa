#!/bin/bash
# The main job, shown on an installed server: a website and its database asked for over HTTP, a page that talks to
# its database, and what the process that took the calls cannot do. Run again it changes nothing.
set -euo pipefail
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

domain=demo.example
database=demo
home=/home/www/$domain
work=$(mktemp -d /tmp/sculptor-demo.XXXXXXXX)
trap 'rm -rf "$work"' EXIT
changed=

say() {
  printf '\n%s\n' "$*"
}

fail() {
  printf '\ndemo.sh: %s\n' "$1" >&2
  exit 1
}

# As somebody would type it.
typed() {
  local word
  printf '  $'
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=-]+$ ]] || word=${word@Q}
    printf ' %s' "$word"
  done
  echo
}

# Shows the command and runs it.
shown() {
  typed "$@"
  "$@" 2>&1 | sed 's/^/  /'
}

# ask WHAT LOOK... -- CREATE...: sculptorctl is a client of the API; root's token is in a file that it reads itself.
ask() {
  local what=$1 look=()
  shift
  while [ "$1" != -- ]; do look+=("$1") && shift; done
  shift
  if sculptorctl "${look[@]}" 2>/dev/null | grep -q '^status  *live'; then
    echo "  unchanged: $what"
    return 0
  fi
  changed=1
  shown sculptorctl "$@" || fail "$what was not made"
}

# The password is in one answer, once: it goes to the site's user and not to the terminal.
ask_user() {
  local verb=create
  if sculptorctl database user list "$database" | grep -q "^$database "; then
    ! site_has_password || { echo "  unchanged: the user $database of that database" && return 0; }
    verb=rotate-password
  fi
  changed=1
  typed sculptorctl database user "$verb" "$database" "$database"
  sculptorctl database user "$verb" "$database" "$database" 2>&1 | keep_password ||
    fail "the user $database was not made"
  [ -s "$work/password" ] || fail 'the answer held no password'
  place "$home/private/database.ini" 077 < <(database_ini)
}

keep_password() {
  local line
  while IFS= read -r line; do
    if [[ $line == 'password '* ]]; then
      (umask 077 && printf '%s' "${line#password }" >"$work/password")
      line='password ********'
    fi
    printf '  %s\n' "$line"
  done
}

database_ini() {
  printf 'database="%s"\nuser="%s"\npassword="%s"\n' "$database" "$database" "$(cat "$work/password")"
}

site_user() {
  stat -c %U "$home/public"
}

site_has_password() {
  runuser -u "$(site_user)" -- test -s "$home/private/database.ini"
}

# place FILE UMASK <CONTENT: written by the site's own user, for root writes nothing where a tenant may.
place() {
  local content=$work/content
  cat >"$content"
  if runuser -u "$(site_user)" -- cat "$1" 2>/dev/null | cmp -s - "$content"; then
    echo "  unchanged: $1"
    return 0
  fi
  changed=1
  # shellcheck disable=SC2016 # for the other shell
  runuser -u "$(site_user)" -- sh -c 'umask "$1" && cat >"$2"' place "$2" "$1" <"$content"
  echo "  written by $(site_user): $1"
}

page() {
  cat <<'TEXT'
<?php
$login = parse_ini_file(__DIR__ . '/../private/database.ini');
$link = new mysqli('localhost', $login['user'], $login['password'], $login['database']);
[$user, $database, $version] = $link->query('SELECT CURRENT_USER(), DATABASE(), VERSION()')->fetch_row();
header('Content-Type: text/plain');
echo 'Hello from ', $_SERVER['HTTP_HOST'], "\n";
echo 'PHP ', PHP_VERSION, ' runs as ', posix_getpwuid(posix_geteuid())['name'], "\n";
echo "MariaDB $version knows it as $user, in the database $database\n";
TEXT
}

show_page() {
  shown curl --silent --show-error --fail --noproxy '*' --resolve "$domain:80:127.0.0.1" "http://$domain/" ||
    fail 'the page does not answer'
  [ ! -e /proc/net/if_inet6 ] ||
    curl --silent --fail --noproxy '*' --output /dev/null --resolve "$domain:80:[::1]" "http://$domain/" ||
    fail 'the page does not answer over IPv6'
}

# refused COMMAND...: must fail, and because it is not allowed; what it says is shown.
refused() {
  local code=0
  typed "$@"
  runuser -u www-data -- "$@" >"$work/words" 2>&1 </dev/null || code=$?
  sed 's/^/  /' "$work/words"
  [ $code -ne 0 ] || fail 'this should have been refused: the server is not safe to use'
  grep -qiE 'denied|is required|not allowed|may not' "$work/words" || fail 'this failed, and not because it is refused'
}

main() {
  [ "$(id -u)" = 0 ] || fail 'this is for root'
  say "1. Over HTTP, as a control panel would: a website $domain and a database $database."
  ask "the website $domain" domain show "$domain" -- domain create "$domain"
  ask "the database $database" database show "$database" -- database create "$database"
  ask_user
  say '2. A page, placed by the user of the site, that reads its password from a folder nobody else can enter.'
  place "$home/public/index.php" 027 < <(page)
  say '3. What a visitor sees.'
  show_page
  say '4. What www-data, the user that the API runs as, cannot do: read credentials, become root, end an operation.'
  refused cat /var/lib/sculptor/mariadb.json
  refused cat /etc/sculptor/admin-token
  refused mariadb --user=sculptor --execute='SELECT 1'
  refused mariadb --user=root --execute='SELECT 1'
  refused sudo -n true
  refused sudo -n /usr/lib/sculptor/executor
  refused mariadb sculptor --execute="UPDATE operation SET status = 'succeeded'"
  if [ -n "$changed" ]; then say 'That was all.'; else say 'Nothing had to change.'; fi
}

main "$@"
