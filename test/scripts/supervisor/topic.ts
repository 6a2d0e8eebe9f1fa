/** One topic of the story that is told on the server: its lines, and what has to hold of what they print. */
export type Topic = {
  readonly lines: readonly string[];
  readonly tests: (part: (name: string) => string) => void;
};

/** A site of a tenant's, which the topics share. `acme` is sculptorctl as that tenant, `none` says that nothing runs. */
export const SITE: readonly string[] = [
  'sculptorctl tenant create acme',
  "tenant=$(sculptorctl tenant list | sed -n 's/^acme  *\\([a-z0-9]*\\) .*/\\1/p')",
  'acme() { sculptorctl --tenant "$tenant" "$@"; }',
  'acme domain create parts.example',
  'site=$(acme domain show parts.example --json | sed -n \'s/^ *"id": "\\(.*\\)",$/\\1/p\')',
  'home=/home/www/parts.example',
  'put() { runuser -u "s-$site" -- tee "$home/$1" >/dev/null; }',
  'visit() { curl --silent --header \'Host: parts.example\' "http://127.0.0.1/$1"; }',
  'running() { pgrep -u "s-$site" -x -f "$1" || echo "no $1"; }',
  'state_of() { acme queue show parts.example "$1" | sed -n "s/^state  *//p"; }',
  // A program that counts as running may still be on its way through the launcher.
  'until_there() { until pgrep -u "s-$site" -f "$1" >/dev/null; do sleep 0.2; done; }',
  'until_state() { until [ "$(state_of "$1")" = "$2" ]; do sleep 0.3; done; }',
];
