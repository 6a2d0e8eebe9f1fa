import type { DomainId, PartId } from '../../../contract/ids.ts';
import type { ProgramEnvironment, ProgramLimits, ProgramWords } from '../../../contract/programs.ts';
import { boundsOf, type Share } from './bounds.ts';
import { plain, RenderError } from './plain.ts';

export type Launch = {
  readonly part: PartId;
  readonly site: DomainId;
  readonly account: { readonly uid: number; readonly gid: number; readonly user: string };
  readonly home: string;
  readonly workingDirectory: string;
  readonly words: ProgramWords;
  readonly environment: ProgramEnvironment;
  readonly limits: ProgramLimits;
  readonly share: Share;
};

/**
 * What `/usr/lib/sculptor/launch` becomes, each word ended by NUL, which no word can hold: what bounds it, an empty
 * word, the site's folder, and the program. A tenant's words come last, after a program that takes all that follows
 * for words, and are read by nothing else: not by systemd-run, which describes a unit by what it is given, and which
 * some versions have put variables into.
 */
export function renderLaunch(mode: 'systemd' | 'supervisor', launch: Launch): string {
  const bounds = mode === 'systemd' ? inSlice(launch) : byLimits(launch);
  const mark = mode === 'systemd' ? {} : { SCULPTOR_PROGRAM: `${plain(launch.part)}-@` };
  return [...bounds, '', plain(launch.home), ...asSite(launch, mark)].map((word) => `${word}\0`).join('');
}

/** A scope of its own in the site's slice, and mounts of its own; the process stays the one that was started. */
function inSlice({ part, site, limits: { memoryMb, cpuPercent } }: Launch): string[] {
  const properties = [
    'TimeoutStopSec=5s',
    // So that at the end of the server Supervisor ends it in its own way first.
    'Before=sculptor-supervisor.service',
    ...(memoryMb === null ? [] : [`MemoryMax=${plain(memoryMb)}M`, 'MemorySwapMax=0']),
    ...(cpuPercent === null ? [] : [`CPUQuota=${plain(cpuPercent)}%`]),
  ];
  return [
    ...['/usr/bin/systemd-run', '--quiet', '--scope', '--collect'],
    ...[`--unit=sculptor-part-${plain(part)}-@.scope`, `--slice=sculptor-${plain(site)}.slice`],
    `--description=Sculptor Agent: program ${plain(part)} of site ${plain(site)}`,
    ...properties.map((property) => `--property=${property}`),
    ...['--', '/usr/bin/unshare', '--mount', '--ipc', '--propagation', 'private', '--'],
  ];
}

const MIB = 1_048_576;

/** Of each process, and of all that the user has: without slices there is no more to be had. */
function byLimits({ limits: { memoryMb, cpuPercent }, share }: Launch): string[] {
  const { memory, processes } = boundsOf(share);
  const data = Math.min(memory, memoryMb === null ? memory : memoryMb * MIB);
  return [
    ...['/usr/bin/prlimit', `--data=${plain(data)}`, `--nproc=${plain(processes)}`, '--'],
    ...(cpuPercent === null ? [] : ['/usr/bin/nice', `--adjustment=${plain(nicenessOf(cpuPercent))}`, '--']),
  ];
}

/** Each step takes a fifth of what a process gets beside others: so it gets about that share of what they get. */
export function nicenessOf(percent: number): number {
  return Math.max(0, Math.min(19, Math.round(Math.log(100 / percent) / Math.log(1.25))));
}

type Variables = Readonly<Record<string, string>>;

function asSite({ site, account: { uid, gid, user }, home, ...launch }: Launch, mark: Variables): string[] {
  const folder = launch.workingDirectory === '' ? home : `${home}/${launch.workingDirectory}`;
  const own = {
    PATH: `/etc/sculptor/sites/${plain(site)}/bin:/usr/local/bin:/usr/bin:/bin`,
    HOME: plain(home),
    TMPDIR: `${plain(home)}/tmp`,
    USER: plain(user),
    LOGNAME: plain(user),
    SHELL: '/usr/sbin/nologin',
    LANG: 'C.UTF-8',
  };
  return [
    ...['/usr/bin/prlimit', '--nofile=4096', '--core=0', '--'],
    // It ends with who started it: what is left over would be started a second time.
    ...[
      '/usr/bin/setpriv',
      `--reuid=${plain(uid)}`,
      `--regid=${plain(gid)}`,
      '--clear-groups',
      '--no-new-privs',
    ],
    ...['--inh-caps=-all', '--ambient-caps=-all', '--bounding-set=-all', '--pdeathsig=KILL', '--'],
    // As the site: a link in the way leads it nowhere that it could not go by itself.
    ...['/usr/bin/env', '-i', `--chdir=${plain(folder)}`],
    ...Object.entries({ ...own, ...mark, ...launch.environment }).map(([name, value]) =>
      variable(name, value),
    ),
    ...program(launch.words),
  ];
}

function variable(name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new RenderError('the name of a variable');
  return `${name}=${whole(value)}`;
}

/** env would take the first for an option or a variable otherwise. */
function program([first, ...more]: ProgramWords): string[] {
  if (first === '' || first.startsWith('-') || first.includes('=')) throw new RenderError('a program');
  return [first, ...more].map(whole);
}

/** Where a word can end in the middle, what follows is another. */
function whole(word: string): string {
  if (word.includes('\0')) throw new RenderError('a word');
  return word;
}
