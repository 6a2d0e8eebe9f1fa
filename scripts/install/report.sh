# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# What the person at the terminal reads: a line for each thing, and for a step that failed what it was, why and
# what to do.

declare -A tally=([created]=0 [changed]=0 [unchanged]=0)
current_step='the first look at this machine'
# Not /tmp, which may be memory: Node.js is large.
work=$(mktemp -d /var/tmp/sculptor-install.XXXXXXXX)
declare -a at_exit=()

# line created|changed|unchanged WHAT. $outcome keeps the word for whoever asked.
line() {
  outcome=$1
  tally[$1]=$((tally[$1] + 1))
  printf '%-10s %s\n' "$1" "$2"
}

step() {
  current_step=$1
  hint="Look at the words above, mend it, and run $0 again: it goes on where it is."
  "$2"
}

# try COMMAND...: its words are kept and shown only if it fails. What it leaves running shall not hold our lock.
try() {
  if "$@" >"$work/words" 2>&1 </dev/null {lock}>&-; then
    : >"$work/words"
    return 0
  fi
  words
  fail "\"$*\" ended with an error"
}

words() {
  [ ! -s "$work/words" ] || tail -n 20 "$work/words" | sed 's/^/  | /' >&2
}

# fail WHY [WHAT TO DO]
fail() {
  told=1
  {
    printf '\n%s: %s: %s.\n' "$program" "$current_step" "$1"
    printf 'What to do: %s\n' "${2:-$hint}"
  } >&2
  exit 1
}

# refuse SENTENCE: nothing has been changed.
refuse() {
  told=1
  printf '%s: %s\n' "$program" "$1" >&2
  exit 1
}

unexpected() {
  local code=$1 command=$2
  # In a subshell the same error is about to reach the shell that waits for it.
  [ -z "${told:-}" ] && [ "$BASHPID" = $$ ] || return 0
  told=1
  words
  printf '\n%s: %s: "%s" ended with %s.\nWhat to do: %s\n' "$program" "$current_step" "$command" "$code" "${hint:-run it again}" >&2
}

finish() {
  local action
  for action in "${at_exit[@]}"; do "$action" || true; done
  rm -rf "$work"
}

conclude() {
  if [ $((tally[created] + tally[changed])) = 0 ]; then
    printf '\nNothing had to change (%s things unchanged).\n' "${tally[unchanged]}"
  else
    printf '\n%s created, %s changed, %s unchanged.\n' "${tally[created]}" "${tally[changed]}" "${tally[unchanged]}"
  fi
  cat <<TEXT
The API answers on https://$server_name/v1 and on /run/sculptor/api.sock.
The administrator's token is in /etc/sculptor/admin-token; \`sculptorctl --help\` shows what can be asked for, and
\`sculptorctl doctor\` looks whether everything is as it should be.
TEXT
}

trap 'unexpected $? "$BASH_COMMAND"' ERR
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
