import { DomainId } from '../../../contract/ids.ts';
import { paths, stampOf } from '../system/paths.ts';
import type { System } from '../system/system.ts';

const THROWN_AWAY = /^(?<id>[a-z][a-z0-9]{11})-(?<stamp>[0-9]{8}-[0-9]{9})$/;

/**
 * What the creation of a site left that was undone, because somebody had put something there already: its site is
 * forgotten, so nobody asks for its purge. Kept for as long as everything else.
 */
export async function purgeNobodysTrash(
  system: Pick<System, 'erase' | 'folders' | 'limits' | 'now' | 'registry'>,
): Promise<void> {
  const { erase, folders, limits, now, registry } = system;
  const { graceHours } = await limits();
  const due = stampOf(new Date(now().getTime() - graceHours * 3_600_000));
  for (const name of await folders.list(paths.trash)) {
    const { id, stamp } = THROWN_AWAY.exec(name)?.groups ?? {};
    if (id === undefined || stamp === undefined || stamp > due) continue;
    if ((await registry.read(DomainId.parse(id))) === null) await erase(paths.inTrash(name));
  }
}
