import { EndedBy, MOST_AT_ONCE, type CronReport, type Ended } from '../../../contract/crons.ts';
import { setTimeout as pause } from 'node:timers/promises';
import type { Generation, PartId } from '../../../contract/ids.ts';
import type { Undo } from '../ensure.ts';
import { CommandError, type Commands } from './command.ts';
import type { ExecutorConfig } from './config.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import { paths } from './paths.ts';

export type OnceBounds = { readonly kind: 'cron' | 'run'; readonly seconds: number; readonly atOnce: number };

/** Programs of sites that end: what `/usr/lib/sculptor/launch-once` reads and writes about each. */
export type Once = {
  readonly readBounds: (id: PartId) => Promise<string | null>;
  readonly writeBounds: (id: PartId, bounds: OnceBounds) => Promise<Undo>;
  /** Starts a command, or finds it started, and waits until it has ended. */
  readonly run: (id: PartId, seconds: number) => Promise<void>;
  readonly hasBegun: (id: PartId) => Promise<boolean>;
  readonly isRunning: (id: PartId) => Promise<boolean>;
  /** Whether anything of it is still there, should what started it have been killed too. */
  readonly isLeft: (id: PartId) => Promise<boolean>;
  /** Starts a cron beside its times, without waiting for its end; false where it did not begin. */
  readonly start: (
    id: PartId,
    asked: { readonly generation: Generation; readonly seconds: number },
  ) => Promise<boolean>;
  /** Whether it was started so for that version, and whether that came to anything: `lost` where it did not. */
  readonly started: (id: PartId, generation: Generation) => Promise<'no' | 'yes' | 'lost'>;
  /** Ends what runs, with all that it has started. */
  readonly stop: (id: PartId) => Promise<void>;
  /** Null where none has ended, or where nobody can say how. */
  readonly last: (id: PartId) => Promise<Ended | null>;
  readonly report: (id: PartId) => Promise<CronReport>;
  readonly output: (
    id: PartId,
    bytes: number,
  ) => Promise<{ readonly text: string; readonly truncated: boolean }>;
  /** Nothing is known of it any more, what it said neither. */
  readonly forget: (id: PartId) => Promise<void>;
  readonly isKnown: (id: PartId) => Promise<boolean>;
};

const LAUNCH = '/usr/lib/sculptor/launch-once';
const NEVER = new Date(0).toISOString();
/** From when it is asked for until its first sign. */
const BEGIN_MS = 15_000;
const LOOK_EVERY_MS = 50;
/** Beside its own time: until it heeds the end of that, and until what it has started is gone. */
const AFTER_MS = 60_000;

type Tools = {
  readonly commands: Pick<Commands, 'run'>;
  readonly files: Files;
  readonly folders: Folders;
  readonly mode: ExecutorConfig['mode'];
};

export function createOnce({ commands, files, folders, mode }: Tools): Once {
  const read = (id: PartId, name: string) => files.read(paths.onceFile(id, name));
  const isKnown = async (id: PartId) =>
    (await folders.look(paths.once(id))) !== null || (await folders.look(paths.output(id))) !== null;
  const last = async (id: PartId) => parseLast(await read(id, 'last'));
  const isRunning = async (id: PartId) => {
    for (let number = 0; number < MOST_AT_ONCE; number += 1) {
      const pid = (await read(id, `pid.${number}`))?.trim() ?? '';
      if (/^[1-9][0-9]{0,9}$/.test(pid) && (await commandOf(files, pid)).endsWith(`${LAUNCH} ${id}`))
        return true;
    }
    return false;
  };
  const isLeft = async (id: PartId) => {
    if (await isRunning(id)) return true;
    if (mode !== 'systemd') return false;
    const options = ['--plain', '--no-legend', '--state=activating,active,deactivating'];
    const args = ['list-units', ...options, '--', `sculptor-part-${id}-*.scope`];
    return (await commands.run({ file: '/usr/bin/systemctl', args })).trim() !== '';
  };
  const hasBegunSince = async (id: PartId, ms: number) => {
    const [ended, skipped] = [await last(id), instantIn(await read(id, 'skipped'))];
    const latest = Math.max(Date.parse(ended?.startedAt ?? NEVER), Date.parse(skipped ?? NEVER));
    return latest >= ms || (await isRunning(id));
  };
  const output: Once['output'] = async (id, bytes) => {
    const [before, now] = await Promise.all(
      ['before', 'now'].map(async (name) => (await files.read(`${paths.output(id)}/0/${name}`)) ?? ''),
    );
    return lastOf(`${before ?? ''}${now ?? ''}`, bytes);
  };
  return {
    isKnown,
    last,
    isRunning,
    isLeft,
    output,
    readBounds: (id) => read(id, 'bounds'),
    writeBounds: async (id, bounds) => {
      await folders.ensure(paths.once(id), { uid: 0, gid: 0, mode: 0o700 });
      return files.replace(paths.onceFile(id, 'bounds'), renderBounds(bounds), 0o600);
    },
    hasBegun: async (id) => (await read(id, 'begun')) !== null,
    run: async (id, seconds) => {
      const timeoutMs = seconds * 1000 + AFTER_MS;
      const command = mode === 'systemd' ? startUnit(id) : ({ file: LAUNCH, args: [id] } as const);
      await commands.run({ ...command, timeoutMs }).catch(ignoreItsEnd);
    },
    start: async (id, { generation, seconds }) => {
      const now = Date.now();
      await files.replace(paths.onceFile(id, 'asked'), `${generation} ${now}\n`, 0o600);
      if (mode === 'systemd') await commands.run({ ...startUnit(id, '--no-block'), timeoutMs: BEGIN_MS });
      else
        void commands
          .run({ file: LAUNCH, args: [id], timeoutMs: seconds * 1000 + AFTER_MS })
          .catch(() => undefined);
      while (!(await hasBegunSince(id, now))) {
        if (Date.now() > now + BEGIN_MS) return false;
        await pause(LOOK_EVERY_MS);
      }
      return true;
    },
    started: async (id, generation) => {
      const [asked, ms] = ((await read(id, 'asked')) ?? '').trim().split(' ');
      if (asked !== String(generation)) return 'no';
      return (await hasBegunSince(id, Number(ms))) ? 'yes' : 'lost';
    },
    stop: async (id) => {
      if (!(await isKnown(id))) return;
      await commands.run({ file: LAUNCH, args: [id, 'stop'], timeoutMs: 50_000 });
    },
    report: async (id) => {
      const [ended, failures, skipped] = await Promise.all([
        last(id),
        read(id, 'failures'),
        read(id, 'skipped'),
      ]);
      return {
        last: ended,
        failures: numberIn(failures) ?? 0,
        running: await isRunning(id),
        skippedAt: instantIn(skipped),
      };
    },
    forget: async (id) => {
      await folders.remove(paths.once(id));
      await folders.remove(paths.output(id));
    },
  };
}

/** Three words that `launch-once` takes apart. */
export function renderBounds({ kind, seconds, atOnce }: OnceBounds): string {
  return `${kind} ${seconds} ${atOnce}\n`;
}

function startUnit(id: PartId, ...options: readonly string[]) {
  const args = ['--no-ask-password', 'start', ...options, '--', `sculptor-run@${id}.service`];
  return { file: '/usr/bin/systemctl', args } as const;
}

/** How it went stands in a file; what starts it may end badly for reasons of its own. */
function ignoreItsEnd(cause: unknown): void {
  if (!(cause instanceof CommandError)) throw cause;
}

async function commandOf(files: Pick<Files, 'read'>, pid: string): Promise<string> {
  // It may end while it is looked at.
  const text = await files.read(`/proc/${pid}/cmdline`).catch(() => null);
  return (text ?? '').split('\0').join(' ').trim();
}

/** `STARTED ENDED EXITCODE BY`, times in milliseconds. */
export function parseLast(text: string | null): Ended | null {
  const [started, ended, code, by] = (text ?? '').trim().split(' ');
  const endedBy = EndedBy.safeParse(by);
  const [startedAt, endedAt] = [instantIn(started), instantIn(ended)];
  if (startedAt === null || endedAt === null || !endedBy.success) return null;
  const exitCode = Number(code);
  return exitCode >= 0 && exitCode <= 255 ? { startedAt, endedAt, exitCode, endedBy: endedBy.data } : null;
}

function numberIn(text: string | null | undefined): number | null {
  const word = (text ?? '').trim();
  return /^[0-9]{1,15}$/.test(word) ? Number(word) : null;
}

function instantIn(text: string | null | undefined): string | null {
  const ms = numberIn(text);
  return ms === null ? null : new Date(ms).toISOString();
}

/** The end of a text, so many bytes of it as UTF-8 at most, and no half character at its beginning. */
function lastOf(text: string, bytes: number): { text: string; truncated: boolean } {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return { text, truncated: false };
  let from = whole.length - bytes;
  while (from < whole.length && ((whole[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return { text: whole.subarray(from).toString(), truncated: true };
}
