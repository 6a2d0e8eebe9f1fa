# shellcheck shell=bash disable=SC2034,SC2154 # the parts of install.sh share their variables
# Look, change if different, say so. Every path here lies in folders that only root can write.

# What this run saw to, by path; note_installed writes it down.
declare -A seen_to=()

# see_to KIND PATH MODE OWNER:GROUP. KIND: content, where the text is ours as well; rights; folder.
see_to() {
  seen_to[$2]="$1 $3 $4"
}

# text_is_its_own PATH: made here once, a secret or what its owner may change; its rights stay ours.
text_is_its_own() {
  seen_to[$1]="rights ${seen_to[$1]#* }"
}

# ensure_file PATH MODE OWNER:GROUP [CHECK...] <CONTENT: put in place by a rename; CHECK, if given, is run on the new
# file before.
ensure_file() {
  local path=$1 mode=$2 owner=$3 new word
  shift 3
  see_to content "$path" "$mode" "$owner"
  [ -d "$(dirname "$path")" ] || install -d -m 0755 "$(dirname "$path")"
  new=$(mktemp "$(dirname "$path")/.sculptor.XXXXXXXX")
  cat >"$new"
  if [ -f "$path" ] && [ ! -L "$path" ] && cmp -s "$new" "$path" && has "$path" "$mode" "$owner"; then
    rm -f "$new"
    line unchanged "$path"
    return 0
  fi
  chown "$owner" "$new"
  chmod "$mode" "$new"
  if [ $# -gt 0 ] && ! "$@" "$new" >"$work/words" 2>&1; then
    rm -f "$new"
    words
    fail "\"$*\" refuses what should become $path"
  fi
  word=created
  [ ! -e "$path" ] || word=changed
  mv -fT "$new" "$path"
  line "$word" "$path"
}

# ensure_rights PATH MODE OWNER:GROUP: of a file whose content stays.
ensure_rights() {
  see_to rights "$@"
  if has "$1" "$2" "$3"; then
    line unchanged "$1"
  else
    chown "$3" "$1"
    chmod "$2" "$1"
    line changed "$1"
  fi
}

# ensure_dir PATH MODE OWNER:GROUP
ensure_dir() {
  see_to folder "$@"
  if [ ! -e "$1" ]; then
    install -d -m "$2" -o "${3%:*}" -g "${3#*:}" "$1"
    line created "$1/"
  elif [ ! -d "$1" ] || [ -L "$1" ]; then
    fail "$1 should be a folder and is something else" "move it away and run this again"
  elif has "$1" "$2" "$3"; then
    line unchanged "$1/"
  else
    chown "$3" "$1"
    chmod "$2" "$1"
    line changed "$1/"
  fi
}

# ensure_link PATH TARGET
ensure_link() {
  local word=created
  if [ -L "$1" ] && [ "$(readlink "$1")" = "$2" ]; then
    line unchanged "$1"
    return 0
  fi
  [ ! -e "$1" ] && [ ! -L "$1" ] || word=changed
  ln -sfnT "$2" "$1.sculptor-new"
  mv -fT "$1.sculptor-new" "$1"
  line "$word" "$1"
}

# ensure_gone PATH WHAT
ensure_gone() {
  if [ -e "$1" ] || [ -L "$1" ]; then
    rm -rf --one-file-system "$1"
    line changed "$2"
  else
    line unchanged "$2"
  fi
}

# has PATH MODE OWNER:GROUP
has() {
  [ "$(stat -c '%a %U:%G' "$1")" = "$(printf '%o' "$((8#$2))") $3" ]
}

# once MARK WHAT COMMAND...: done one time in the life of this installation, so that what its owner changes
# afterwards stays changed.
once() {
  local mark=$own/once/$1 what=$2
  shift 2
  if [ -e "$mark" ]; then
    line unchanged "$what"
    return 0
  fi
  try "$@"
  mkdir -p "$own/once"
  : >"$mark"
  line changed "$what"
}

# wait_for SECONDS COMMAND...: asks until it says yes.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >"$work/words" 2>&1 </dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.1
  done
  : >"$work/words"
}

# The part of a file that is the same for everybody, with what is this server's own filled in.
filled() {
  local file=$1 pair
  local -a rules=(-e '')
  shift
  for pair in "$@"; do rules+=(-e "s|@${pair%%=*}@|${pair#*=}|g"); done
  sed "${rules[@]}" "$file"
}
