import { socketOfSite } from '../../../../contract/domains.ts';
import type { ProgramWords } from '../../../../contract/programs.ts';
import type { PublicPort } from '../../../../contract/queues.ts';
import type { Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import { confFileOf, type Program } from '../../system/programs.ts';
import type { System } from '../../system/system.ts';
import { strayOf } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import type { PartKind, Placed } from './kind.ts';
import { portClosed, portFreed, portHeld, portOpened, requirePort } from './public-port.ts';
import { howFor, runsAnother, secretWords, wordsOf, type How } from './program.ts';

/** A program that runs for as long as its site does, or until it is stopped. */
export const QUEUE: PartKind<'queue'> = {
  whileDisabled: false,
  inPool: false,
  // How many of it, and whether it does now, lets nobody in.
  letsIn: (before, after) =>
    before === null || runsAnother(before.spec, after.spec) || isReachedAnew(before.spec, after.spec),
  admit: requirePort,
  hold: (system, at) => [portHeld(system, at)],
  on: (system, at) => [kept(system, at), portOpened(system, at)],
  off: (system, at) => [portClosed(system, at), keptNoMore(system, at)],
  gone: (system, at) => [portFreed(system, at), keptNoMore(system, at), outputRemoved(system, at)],
};

type Reached = { readonly publicPort: PublicPort | null };

function isReachedAnew(before: Reached, after: Reached): boolean {
  return after.publicPort !== null && JSON.stringify(before.publicPort) !== JSON.stringify(after.publicPort);
}

function kept(system: System, at: Placed<'queue'>): Step {
  const { programs } = system;
  const program = async () => programOf(await howFor(system, at.site), at);
  const files = async () => filesOf(system, await program());
  return {
    name: at.part.spec.running ? 'keep the program running' : 'keep the program stopped',
    files,
    look: async () => {
      const words = await programs.lookOn(await program());
      if (words !== null) return words;
      for (const file of await files()) {
        const stray = await strayOf(system.files, file);
        if (stray !== null) return `${file.path}: ${stray}`;
      }
      return null;
    },
    change: async () => programs.turnOn(await program()),
  };
}

function filesOf({ mode }: Pick<System, 'mode'>, program: Program): readonly WantedFile[] {
  const [path, text] = confFileOf(mode, program);
  return [secretWords(paths.program(program.part), program.words), { path, text }];
}

function keptNoMore({ programs }: Pick<System, 'programs'>, { part }: Placed<'queue'>): Step {
  return {
    name: 'keep the program no more',
    look: () => programs.lookOff(part.id),
    change: async () => {
      await programs.turnOff(part.id);
      return null;
    },
  };
}

function outputRemoved({ outputs }: Pick<System, 'outputs'>, { part }: Placed<'queue'>): Step {
  return {
    name: 'remove what it has said',
    look: () => outputs.lookAny(part.id),
    change: async () => {
      await outputs.remove(part.id);
      return null;
    },
  };
}

/** What one that was killed has left in the place of its socket would keep the next from listening there. As the site. */
const LISTEN_ANEW = ['/bin/sh', '-c', 'rm -f -- "$SOCKET"; exec "$@"', 'sh'] as const;

function listening(at: Placed<'queue'>): Placed<'queue'> {
  const { site, part } = at;
  if (part.spec.environment['SOCKET'] !== socketOfSite(site.id)) return at;
  const command: ProgramWords = [...LISTEN_ANEW, ...part.spec.command];
  return { site, part: { ...part, spec: { ...part.spec, command } } };
}

export function programOf(how: How, at: Placed<'queue'>): Program {
  const { processes, stopSignal, stopSeconds, startOnBoot, running, memoryMb, cpuPercent } = at.part.spec;
  const words = wordsOf(how, listening(at), { memoryMb, cpuPercent });
  return { part: at.part.id, words, processes, stopSignal, stopSeconds, startOnBoot, running };
}
