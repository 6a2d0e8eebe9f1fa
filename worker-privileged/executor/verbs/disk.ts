import type { System } from '../system/system.ts';
import type { VerbHandler } from './table.ts';
import { folderOf, isEnforced, requireRoomOnDisk } from './tenant/disk.ts';

/** Counts what the files of a site take, and notes it. What is neither in place nor in the trash takes nothing. */
export function measureSite(system: System): VerbHandler<'site.measure'> {
  const { registry, sizes, now } = system;
  return async ({ id }) => {
    const entry = await registry.read(id);
    const folder = entry === null ? null : folderOf(entry);
    const octets = folder === null ? null : await sizes.measure(folder);
    if (entry === null || octets === null) return { octets: null, enforced: false };
    // It may have been purged while it was counted.
    if ((await registry.read(id))?.purgedAt === null)
      await sizes.write(id, { octets, at: now().toISOString() });
    return { octets, enforced: await isEnforced(system, entry) };
  };
}

/** Before something is made for a tenant that the executor does not make itself. */
export function requireRoom(system: System): VerbHandler<'tenant.room'> {
  return async ({ id }) => {
    await requireRoomOnDisk(system, id);
    return {};
  };
}
