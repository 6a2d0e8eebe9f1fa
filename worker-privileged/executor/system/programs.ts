import type { PartId } from '../../../contract/ids.ts';
import type { ProcessState, ProgramProcess } from '../../../contract/queues.ts';
import type { Undo } from '../ensure.ts';
import { programGroup, programOf, renderSupervisedProgram } from '../render/supervised-program.ts';
import type { SupervisedProgram } from '../render/supervised-program.ts';
import { CommandError, type Commands } from './command.ts';
import { comesTrue } from './comes-true.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';
import { ALREADY_ADDED, dropGroup, NOT_RUNNING, tolerating } from './supervisor-calls.ts';
import type { XmlRpc } from './xml-rpc.ts';

/** A program of a site as it shall be: `words` is the whole file that the launcher reads. */
export type Program = Omit<SupervisedProgram, 'autostart'> & {
  readonly words: string;
  readonly startOnBoot: boolean;
  readonly running: boolean;
};

/** What keeps the programs of sites: a Supervisor, one for them alone where systemd is PID 1. */
export type Programs = {
  /** What keeps it from being as it shall be; null where nothing does. */
  readonly lookOn: (program: Program) => Promise<string | null>;
  /** Of this one alone: what else Supervisor runs goes on. */
  readonly turnOn: (program: Program) => Promise<Undo>;
  readonly lookOff: (part: PartId) => Promise<string | null>;
  readonly turnOff: (part: PartId) => Promise<void>;
  readonly restart: (part: PartId) => Promise<void>;
  /** Of all that it runs, by part. */
  readonly processes: () => Promise<ReadonlyMap<PartId, readonly ProgramProcess[]>>;
};

type Tools = {
  readonly files: Pick<Files, 'read' | 'replace' | 'remove'>;
  readonly folders: Pick<Folders, 'ensure' | 'look'>;
  readonly commands: Pick<Commands, 'run'>;
  readonly call: XmlRpc;
  readonly mode: 'systemd' | 'supervisor';
};

export function createPrograms(tools: Tools): Programs {
  const { files, folders, call, mode } = tools;
  const confOf = confsOf(mode);
  const processes = async () => byPart(await call('supervisor.getAllProcessInfo', []));
  const processesOf = async (part: PartId) => (await processes()).get(part) ?? [];

  const lookOn = async (program: Program) => {
    if ((await files.read(paths.program(program.part))) !== program.words) return 'it is another program';
    if ((await files.read(confOf(program.part))) !== conf(program)) return 'Supervisor was told otherwise';
    const all = await processesOf(program.part);
    if (all.length !== program.processes) return `${all.length} processes of it are known`;
    const off = all.filter((one) => !stands(one, program));
    return off.length === 0 ? null : `${off.length} processes of it are ${off[0]?.state ?? 'off'}`;
  };
  const turnOff = async (part: PartId) => {
    await files.remove(confOf(part));
    await drop(tools, part);
    await files.remove(paths.program(part));
  };
  const add = async (program: Program) => {
    const group = programGroup(program.part);
    await call('supervisor.reloadConfig', []);
    await drop(tools, program.part);
    await tolerating(ALREADY_ADDED, () => call('supervisor.addProcessGroup', [group]));
    if (program.running && !program.startOnBoot) await call('supervisor.startProcessGroup', [group, false]);
    // It begins what it was given at its next turn, and until then says of it that it is stopped.
    const stand = async () => (await processesOf(program.part)).every((one) => stands(one, program));
    await comesTrue(stand, BEGUN_MS);
  };

  return {
    lookOn,
    turnOn: async (program) => {
      const { part, words } = program;
      await folders.ensure(paths.output(part), { uid: 0, gid: 0, mode: 0o700 });
      const undoWords = await files.replace(paths.program(part), words, 0o600);
      const undoConf = await files.replace(confOf(part), conf(program));
      const undo = async () => {
        await undoConf();
        await undoWords();
        await drop(tools, part);
        await call('supervisor.reloadConfig', []);
        if ((await files.read(confOf(part))) !== null)
          await tolerating(ALREADY_ADDED, () => call('supervisor.addProcessGroup', [programGroup(part)]));
      };
      try {
        await add(program);
      } catch (cause) {
        await undo().catch(() => undefined);
        throw cause;
      }
      return undo;
    },
    lookOff: async (part) => {
      if ((await files.read(confOf(part))) !== null) return 'Supervisor is told of it';
      if ((await files.read(paths.program(part))) !== null) return 'its words are there';
      return (await processesOf(part)).length === 0 ? null : 'Supervisor knows it';
    },
    turnOff,
    restart: async (part) => {
      const group = programGroup(part);
      await tolerating(NOT_RUNNING, () => call('supervisor.stopProcessGroup', [group, true]));
      await endLeftOver(tools, part);
      await call('supervisor.startProcessGroup', [group, false]);
    },
    processes,
  };
}

/** What of the states is as it should be where it shall run. One that ends at once is started again by itself. */
const STANDS: { readonly [S in ProcessState]: boolean } = {
  starting: true,
  running: true,
  failing: true,
  failed: false,
  stopping: false,
  stopped: false,
};

const stands = ({ state }: ProgramProcess, { running }: Program) => STANDS[state] === running;

const BEGUN_MS = 5000;

const conf = (program: Program) =>
  renderSupervisedProgram({ ...program, autostart: program.running && program.startOnBoot });

const confsOf = (mode: Tools['mode']) => (mode === 'systemd' ? paths.supervised : paths.supervisedByServers);

/** What Supervisor reads of it, and where. */
export function confFileOf(mode: Tools['mode'], program: Program): readonly [path: string, text: string] {
  return [confsOf(mode)(program.part), conf(program)];
}

async function drop(tools: Tools, part: PartId): Promise<void> {
  await dropGroup(tools.call, programGroup(part));
  await endLeftOver(tools, part);
}

/** What the program started and did not end: it went on in the scope that the program was in, or with its mark. */
async function endLeftOver({ commands, mode }: Tools, part: PartId): Promise<void> {
  if (mode !== 'systemd') {
    await commands.run({ file: '/usr/lib/sculptor/end-program', args: [part] });
    return;
  }
  const args = ['--no-ask-password', 'stop', '--', `sculptor-part-${part}-*.scope`];
  const stop = () => commands.run({ file: '/usr/bin/systemctl', args });
  await stop().catch((failed: unknown) => {
    if (!(failed instanceof CommandError) || failed.exitCode !== NOT_LOADED) throw failed;
    return stop();
  });
}

/** What systemctl ends with where one of the scopes has ended by itself since it was looked for. */
const NOT_LOADED = 5;

/** Supervisor's own words for what a process does. */
const STATES: Readonly<Record<string, ProcessState>> = {
  STARTING: 'starting',
  RUNNING: 'running',
  BACKOFF: 'failing',
  FATAL: 'failed',
  STOPPING: 'stopping',
  STOPPED: 'stopped',
  EXITED: 'stopped',
  UNKNOWN: 'failed',
};

export function byPart(info: unknown): ReadonlyMap<PartId, readonly ProgramProcess[]> {
  const found = new Map<PartId, ProgramProcess[]>();
  for (const one of info as readonly Readonly<Record<string, unknown>>[]) {
    const name = programOf(String(one['group']), String(one['name']));
    if (name === null) continue;
    found.set(name.part, [...(found.get(name.part) ?? []), processOf(name.number, one)]);
  }
  for (const all of found.values()) all.sort((a, b) => a.number - b.number);
  return found;
}

function processOf(number: number, info: Readonly<Record<string, unknown>>): ProgramProcess {
  const state = STATES[String(info['statename'])] ?? 'failed';
  const runs = ['starting', 'running', 'stopping'].includes(state);
  const seconds = Number(info[runs ? 'start' : 'stop']) || Number(info['start']);
  // Of one that ended at once Supervisor does not keep with what.
  const exit = state === 'stopped' ? Number(info['exitstatus']) : Number.NaN;
  return {
    number,
    state,
    since: seconds > 0 ? new Date(seconds * 1000).toISOString() : null,
    exitCode: seconds > 0 && exit >= -1 && exit <= 255 ? exit : null,
  };
}
