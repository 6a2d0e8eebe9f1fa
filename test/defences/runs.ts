import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyTree, takeAway, TREE } from './copy.ts';
import { patternOf, suiteOf, type Defence } from './defence.ts';
import { readReport, type Report } from './verdict.ts';

const GUEST_TREE = '/usr/src/sculptor-agent';
const GUEST_NODE = '/usr/lib/sculptor/node/bin/node';
const MACHINE = join(TREE, 'scripts/machine.sh');
const JEST = ['node_modules/jest/bin/jest.js', '--ci', '--forceExit', '--testTimeout=60000'];
const REPORTED = ['--json', '--testLocationInResults'];

/** A folder to work in, gone afterwards. */
export function withWorkshop<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'defences-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What came of running the tests of some defences: as the tree is, and each without its defence in a copy of its own. */
export type Outcome = { readonly report: Report; readonly folderOf: (defence: Defence | 'whole') => string };

type Place = {
  /** Where the copies are, for us and for who runs the tests. */
  readonly workshop: string;
  readonly seenAt: string;
  readonly modules: string;
  /** Gives what was said. */
  readonly run: (args: readonly string[]) => string;
};

/** One run of jest over all copies: each is a project of its own. */
function runCopies(defences: readonly Defence[], { workshop, seenAt, modules, run }: Place): Outcome {
  const folderOf = (defence: Defence | 'whole') =>
    defence === 'whole' ? 'whole' : `d${defences.indexOf(defence)}`;
  const plan = (name: string, some: readonly Defence[]) =>
    [...new Set(some.map(suiteOf))].map((suite) => {
      const files = some.filter((one) => suiteOf(one) === suite).map(({ noticed }) => noticed.file);
      writeFileSync(join(workshop, name, `${suite}.config.mjs`), projectOf(suite, name, files));
      return `${seenAt}/${name}/${suite}.config.mjs`;
    });
  copyTree(join(workshop, 'whole'), modules);
  for (const defence of defences) {
    const folder = join(workshop, folderOf(defence));
    cpSync(join(workshop, 'whole'), folder, { recursive: true, verbatimSymlinks: true });
    takeAway(defence, folder);
  }
  const projects = [...plan('whole', defences), ...defences.flatMap((one) => plan(folderOf(one), [one]))];
  const pattern = [...new Set(defences.map(patternOf))].join('|');
  writeFileSync(join(workshop, 'all.config.mjs'), `export default ${JSON.stringify({ projects })};\n`);
  const words = run([
    ...JEST,
    ...REPORTED,
    `--outputFile=${seenAt}/report.json`,
    `--config=${seenAt}/all.config.mjs`,
    `--testNamePattern=${pattern}`,
  ]);
  return {
    report: readReport(join(workshop, 'report.json'), words),
    folderOf: (defence) => `${seenAt}/${folderOf(defence)}`,
  };
}

/** The suite's own configuration, for these files of this copy. */
function projectOf(suite: string, name: string, files: readonly string[]): string {
  return `import all from './jest.config.js';
const own = all.projects.find(({ displayName }) => displayName === ${JSON.stringify(suite)});
const testMatch = ${JSON.stringify([...new Set(files)])}.map((file) => '<rootDir>/' + file);
export default { ...own, displayName: ${JSON.stringify(`${suite} ${name}`)}, rootDir: import.meta.dirname, testMatch };
`;
}

export function runHere(defences: readonly Defence[], workshop: string): Outcome {
  const run = (args: readonly string[]) => begin(process.execPath, args, TREE);
  return runCopies(defences, { workshop, seenAt: workshop, modules: join(TREE, 'node_modules'), run });
}

/** In one throwaway server, whose Redis and MariaDB are started by the tests themselves. */
export function runWithServices(defences: readonly Defence[], workshop: string): Outcome {
  const inside = (args: readonly string[]) =>
    begin(MACHINE, [
      ...['run', '--bind', `${workshop}:/mnt`, '--', 'env', `--chdir=${GUEST_TREE}`, GUEST_NODE],
      ...[...args, '--runInBand', '--cacheDirectory=/tmp/jest'],
    ]);
  return runCopies(defences, {
    workshop,
    seenAt: '/mnt',
    modules: `${GUEST_TREE}/node_modules`,
    run: inside,
  });
}

export type ServerOutcome = { readonly before: Report; readonly after: Report; readonly folder: string };

/** On an installed server: the test, then the installation of the copy over it, then the test of the copy. */
export function runOnServer(defence: Defence, workshop: string): ServerOutcome {
  copyTree(workshop, `${GUEST_TREE}/node_modules`);
  takeAway(defence, workshop);
  const jest = [
    ...[GUEST_NODE, ...JEST, ...REPORTED, '--runInBand', '--cacheDirectory=/tmp/jest'],
    ...[`--selectProjects=${suiteOf(defence)}`, '--testPathPatterns', `${defence.noticed.file}$`],
    ...['--testNamePattern', patternOf(defence)],
  ];
  const script = `cd ${GUEST_TREE}; "$@" --outputFile=/usr/src/changed/before.json
    /usr/src/changed/scripts/install.sh --yes >/usr/src/changed/installed 2>&1 || cat /usr/src/changed/installed
    cd /usr/src/changed; "$@" --outputFile=/usr/src/changed/after.json; true`;
  const words = begin(MACHINE, [
    'run',
    '--bind',
    `${workshop}:/usr/src/changed`,
    '--',
    'bash',
    '-c',
    script,
    'bash',
    ...jest,
  ]);
  return {
    before: readReport(join(workshop, 'before.json'), words),
    after: readReport(join(workshop, 'after.json'), words),
    folder: '/usr/src/changed',
  };
}

/** That tests fail is what is wanted, so that an exit code says nothing; a report that is not there says enough. */
function begin(file: string, args: readonly string[], cwd = TREE): string {
  const { stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    // A test that hangs without its defence has not noticed.
    timeout: 1_500_000,
  });
  if (error) throw error;
  return stdout + stderr;
}
