import { inTurn } from '../../in-turn.ts';
import type { Step } from '../../ensure.ts';
import { poolOf, type Story } from './story.ts';

/**
 * systemd goes by its templates alone for this site. Looked at with what has drifted, and taken away when that is repaired:
 * an ordinary change of a site leaves them, because it never has systemd read its units anew.
 */
export function noDropIns({ system, spec }: Pick<Story, 'system' | 'spec'>): Step {
  const { dropIns, files, masters } = system;
  const list = () => dropIns.list(spec.id);
  return {
    name: 'have no settings of its own in systemd',
    files: async () => (await list()).map((path) => ({ path, gone: true })),
    look: async () => {
      const found = await list();
      return found.length === 0 ? null : `systemd reads ${found.join(', ')}`;
    },
    change: async () => {
      const reload = () => dropIns.reload();
      const undo = await inTurn([
        // Undone in reverse: systemd reads them again when they are back.
        () => Promise.resolve(reload),
        ...(await list()).map((path) => () => files.remove(path)),
      ]);
      await reload();
      await masters.refresh(poolOf(spec));
      return undo;
    },
  };
}
