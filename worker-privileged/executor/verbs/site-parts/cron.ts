import { MOST_AT_ONCE } from '../../../../contract/crons.ts';
import type { Step } from '../../ensure.ts';
import { lookAtFiles } from '../../look-at-files.ts';
import type { WantedFile } from '../../wanted-files.ts';
import { renderCronTable } from '../../render/cron-table.ts';
import { paths } from '../../system/paths.ts';
import type { System } from '../../system/system.ts';
import type { PartKind, Placed } from './kind.ts';
import { bounded, forgotten, programGone, programNoted, runsAnother, stopped } from './program.ts';

/** A program that cron starts. A table of its own for each, with the time and the id and nothing of a tenant's. */
export const CRON: PartKind<'cron'> = {
  whileDisabled: false,
  inPool: false,
  letsIn: (before, after) => before === null || runsAnother(before.spec, after.spec),
  on: (system, at) => [
    bounded(system, at.part.id, {
      kind: 'cron',
      seconds: at.part.spec.timeoutSeconds,
      atOnce: at.part.spec.overlap ? MOST_AT_ONCE : 1,
    }),
    programNoted(system, at),
    tableThere(system, at),
  ],
  off,
  gone: (system, at) => [...off(system, at), forgotten(system, at.part.id)],
};

function off(system: System, at: Placed<'cron'>): readonly Step[] {
  const { id } = at.part;
  return [tableGone(system, at), programGone(system, id), stopped(system, id)];
}

function tableThere({ files }: Pick<System, 'files'>, { part }: Placed<'cron'>): Step {
  const path = paths.cronTable(part.id);
  const text = renderCronTable({ id: part.id, schedule: part.spec.schedule });
  const wanted: readonly WantedFile[] = [{ path, text, mode: 0o600 }];
  return {
    name: 'tell cron when',
    files: () => Promise.resolve(wanted),
    look: () => lookAtFiles(files, wanted, 'cron has it otherwise'),
    // Nobody else's business either.
    change: () => files.replace(path, text, 0o600),
  };
}

function tableGone({ files }: Pick<System, 'files'>, { part }: Placed<'cron'>): Step {
  const path = paths.cronTable(part.id);
  return {
    name: 'take it from cron',
    files: () => Promise.resolve([{ path, gone: true }]),
    look: async () => ((await files.read(path)) === null ? null : 'cron has it'),
    change: () => files.remove(path),
  };
}
