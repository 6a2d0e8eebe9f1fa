import { spawn, type ChildProcess } from 'node:child_process';

/* A tenant that swaps folders and links in its own folder as fast as it can. */

/** renameat2(2) with RENAME_EXCHANGE: at no moment is the name missing. */
const RENAMEAT2 = process.arch === 'arm64' ? 276 : 316;
const FLIPS_A_LINE = 1_000;

/**
 * In the folder in which it begins, wherever that is moved to: folders and links of the same kind, each of which takes
 * the place of `web` and of `web/sub` in turn; at times there is none, so that it is made by whoever wants it.
 */
const PROGRAM = `
my ($seed, @targets) = @ARGV;
srand $seed;
my $at = -100;
sub swap { syscall ${RENAMEAT2}, $at, my $one = shift, $at, my $other = shift, 2 }
sub fill {
  for my $n (0 .. $#targets) { mkdir "$_[0]/folder$n"; symlink $targets[$n], "$_[0]/link$n" }
  mkdir "$_[0]/$_[1]";
}
fill(".", "web");
fill("folder$_", "sub") for 0 .. $#targets;
fill("web", "sub");
my @names = map { ("folder$_", "link$_") } 0 .. $#targets;
for (my $flips = 1; ; $flips++) {
  my $name = $names[rand @names];
  my $chance = rand 16;
  if ($chance < 8) { swap("web", $name) }
  elsif ($chance < 14) { swap("web/sub", "web/$name") }
  elsif ($chance < 15) { rename "web", "gone$$"; rename "gone$$", "web" or rmdir "web" }
  else { rename "web/sub", "gone$$"; rename "gone$$", "web/sub" or rmdir "web/sub" }
  syswrite STDOUT, "\\n" if $flips % ${FLIPS_A_LINE} == 0;
}`;

export type Flippers = {
  /** Begins in that folder, as its user. */
  readonly start: (user: string, folder: string) => void;
  /** How often they have flipped, all of them together. */
  readonly flips: () => number;
  /** When none of them runs any more. */
  readonly stop: () => Promise<void>;
};

export function createFlippers(targets: readonly string[], seed: number): Flippers {
  const children = new Set<ChildProcess>();
  let lines = 0;
  return {
    start: (user, folder) => {
      const identity = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--inh-caps=-all'];
      const program = ['/usr/bin/perl', '-e', PROGRAM, `${seed + children.size}`, ...targets];
      const child = spawn('setpriv', [...identity, 'env', '-i', '-C', folder, ...program], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      children.add(child);
      child.stdout.on('data', (chunk: Buffer) => (lines += chunk.length));
      child.once('close', () => children.delete(child));
    },
    flips: () => lines * FLIPS_A_LINE,
    stop: async () => {
      const closed = Array.from(children, (child) => new Promise((done) => child.once('close', done)));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(closed);
    },
  };
}
