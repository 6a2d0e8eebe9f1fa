import { hasSocket, type SiteSpec } from '../../../../contract/domains.ts';
import { FailureError } from '../../../../contract/failures.ts';
import { hostOf } from '../../../../contract/redirects.ts';
import type { System } from '../../system/system.ts';
import { refuse } from './registered.ts';
import { namesOf } from './story.ts';

/** Refuses a site that could not be of its type, whatever the API has let through. */
export async function requireType({ hasNode }: Pick<System, 'hasNode'>, spec: SiteSpec): Promise<void> {
  const { type, isolation, options, enabled } = spec;
  if (hasSocket(type) && isolation === 'pool')
    throw refuse(
      'A site of the shared user www has no programs of its own.',
      'Make a site with the isolation `site`.',
    );
  if (type === 'redirect') requireTarget(namesOf(spec), options.redirect?.to);
  if (type === 'node' && enabled && !(await hasNode()))
    throw new FailureError(
      'not_ready',
      'This server has no Node.js for its sites.',
      'Install the package nodejs on the server, then ask again.',
    );
}

function requireTarget(names: readonly string[], to: string | undefined): void {
  if (to === undefined) throw refuse('It is not said where its visitors go.', 'Set the option redirect.');
  if (names.includes(hostOf(to)))
    throw refuse(
      'Its visitors would be sent to the site itself.',
      'Set another address in the option redirect.',
    );
}
