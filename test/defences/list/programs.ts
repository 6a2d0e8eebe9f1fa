import type { Defence } from '../defence.ts';

const LAUNCH = 'test/unit/executor/launch.test.ts';
const launch = 'worker-privileged/executor/render/launch.ts';

/** What runs as a site: the launcher, queues, crons and commands. */
export const PROGRAMS: readonly Defence[] = [
  {
    name: 'no rights that come back',
    against: 'a program of a site that becomes root by a setuid file',
    change: { file: launch, from: "'--no-new-privs',", to: "'--clear-groups'," },
    noticed: {
      file: LAUNCH,
      test: 'under systemd a program is a scope in its site’s slice, with mounts of its own, then the site’s user',
    },
  },
  {
    name: 'a program is no option',
    against: 'a first word that env takes for an option of its own',
    change: { file: launch, from: "first.startsWith('-')", to: 'first.length < 0' },
    noticed: { file: LAUNCH, test: '"-i" is no program' },
  },
  {
    name: 'a word is one word',
    against: 'a word that ends in its middle, so that the rest of it is another',
    change: { file: launch, from: "if (word.includes('\\0'))", to: 'if (word.length < 0)' },
    noticed: {
      file: LAUNCH,
      test: 'every word is itself to the end, the empty ones too, and no word is more than one',
    },
  },
  {
    name: 'a cron is started once for each asking',
    against: 'an operation that is taken up again and runs the program a second time',
    change: {
      file: 'worker-privileged/executor/verbs/crons.ts',
      from: "let done = runs || before === 'yes';",
      to: 'let done = runs;',
    },
    noticed: {
      file: 'test/unit/executor/crons.test.ts',
      test: 'it is started beside its times, once for each version',
    },
  },
  {
    name: 'another program lets in',
    against: 'whoever has the API and makes every queue run theirs in one hour',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts/queue.ts',
      from: `letsIn: (before, after) =>
    before === null || runsAnother(before.spec, after.spec) || isReachedAnew(before.spec, after.spec),`,
      to: 'letsIn: () => false,',
    },
    noticed: {
      file: 'test/unit/executor/queues.test.ts',
      test: 'what runs is counted as letting in, how much of it and whether is not',
    },
  },
  {
    name: 'ports beyond the plan stay closed',
    against: 'whoever has the API and opens ports that a plan which was lowered does not allow any more',
    change: {
      file: 'worker-privileged/executor/verbs/tenant/public-ports.ts',
      from: 'if (had >= (await mostOf(system, site.tenant))) continue;',
      to: 'await mostOf(system, site.tenant);',
    },
    noticed: {
      file: 'test/unit/executor/public-ports.test.ts',
      test: 'a plan that is lowered closes the youngest, a suspension all, and both bring back what they took',
    },
  },
  {
    name: 'a port is one program’s by root’s record',
    against: 'whoever has the API and gives a program the port of another tenant',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts/public-port.ts',
      from: 'if (all.some((entry) => entry.port === port && entry.part !== part.id)) throw taken(wanted);',
      to: '',
    },
    noticed: {
      file: 'test/unit/executor/public-ports.test.ts',
      test: 'it opens with its program, closes with it, and stays its own until that is gone',
    },
  },
  {
    name: 'a command lets in',
    against: 'whoever has the API and runs as many commands of every site as they like',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts/run.ts',
      from: 'letsIn: () => true,',
      to: 'letsIn: () => false,',
    },
    noticed: { file: 'test/unit/executor/runs.test.ts', test: 'each counts among what lets in' },
  },
  {
    name: 'no programs for the shared user',
    against: 'a site of the pool that runs, as all of the pool, what none of them asked for',
    change: {
      file: 'worker-privileged/executor/verbs/site-parts.ts',
      from: "if (site.user === 'www' && !PART_KINDS[type].inPool)",
      to: "if (site.user === '')",
    },
    noticed: {
      file: 'test/unit/executor/site-parts.test.ts',
      test: 'a site of the shared user has none',
    },
  },
  {
    name: 'what programs say is spelt out',
    against: 'a program whose words drive the terminal of who reads them',
    change: {
      file: 'worker-privileged/executor/system/outputs.ts',
      from: '[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}]',
      to: '[\\p{Zl}\\p{Zp}\\p{Cs}]',
    },
    noticed: {
      file: 'test/unit/executor/programs.test.ts',
      test: /of what was said, [^]*u001b[^]* the lines are harmless/,
    },
  },
  {
    name: 'a key does nothing but log in',
    against: 'a key that forwards ports, or asks for a terminal',
    change: {
      file: 'worker-privileged/executor/render/authorized-keys.ts',
      from: '`restrict ${keyOnly(publicKey)}',
      to: '`${keyOnly(publicKey)}',
    },
    noticed: {
      file: 'test/unit/executor/site-parts.test.ts',
      test: 'a key stands in the one file that sshd reads for its site',
    },
  },
];
