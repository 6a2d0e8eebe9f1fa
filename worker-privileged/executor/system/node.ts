import { access, constants } from 'node:fs/promises';

/** Where a site's programs find it; the agent's own Node is not theirs. */
const PLACES = ['/usr/local/bin/node', '/usr/bin/node'];

export async function hasNode(): Promise<boolean> {
  for (const place of PLACES) {
    const there = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return true;
  }
  return false;
}
