import { FailureError } from '../../../../contract/failures.ts';
import { runSteps, type Run, type Step } from '../../ensure.ts';
import type { SiteEntry } from '../../system/registry.ts';
import type { System } from '../../system/system.ts';
import { mine, namesServed } from './names.ts';
import { hasOwnServerBlock, noServerBlock, serverBlock, type Routed } from './server-block.ts';

/** Has nginx read root's own lines for a site as they are now; all else of it stays. */
export async function refreshSite(system: System, { id }: SiteEntry, run: Run): Promise<void> {
  const entry = await system.registry.read(id);
  if (entry === null || entry.removedAt !== null || entry.settings === null) throw notStanding();
  const { name, settings } = entry;
  // What broke off may have noted a name that is another's.
  const aliases = await mine(system, id, entry.names);
  const spec = { id, name, aliases, ...settings };
  await runSteps(stepsToRoute({ system, spec, snippets: await system.snippets(name) }), run);
}

function stepsToRoute(routed: Routed): readonly Step[] {
  return hasOwnServerBlock(routed)
    ? [serverBlock(routed), namesServed(routed)]
    : [namesServed(routed), noServerBlock(routed.system, routed.spec.id)];
}

function notStanding(): FailureError {
  return new FailureError(
    'not_ready',
    'The site does not stand: it was removed, or was never made whole.',
    'What lies there for it takes effect when it is restored.',
  );
}
