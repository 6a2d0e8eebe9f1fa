import type { SiteSpec } from '../../../../contract/domains.ts';
import type { System } from '../../system/system.ts';
import { isSuspended } from '../tenant/standing.ts';
import { choosePhp } from './php.ts';
import { sitePlanOf } from './share.ts';
import type { Story } from './story.ts';

/** What is asked, with what else it depends on. */
export async function storyOf(system: System, spec: SiteSpec): Promise<Story> {
  return {
    system,
    spec,
    php: await choosePhp(system, spec),
    plan: await sitePlanOf(system, spec),
    snippets: await system.snippets(spec.name),
    suspended: await isSuspended(system, spec.tenant),
  };
}
