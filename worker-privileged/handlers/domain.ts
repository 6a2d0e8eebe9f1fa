import { NO_PHP_LIMITS, SiteSpec } from '../../contract/domains.ts';
import { WOULD_BE_VERSIONS } from '../../contract/changes.ts';
import type { WouldBe } from '../../contract/changes.ts';
import type { VerbResult } from '../../contract/executor.ts';
import { FailureError } from '../../contract/failures.ts';
import { DomainId, TenantId } from '../../contract/ids.ts';
import { KeptOptions, type SiteOptions } from '../../contract/site-options.ts';
import { canonicalDomainName } from '../../runtime/domain-names.ts';
import type { Sql } from '../../state/connection.ts';
import { relatedName } from '../../state/domain-names.ts';
import { domainNameHolders } from '../../state/held-names.ts';
import { isProtected } from '../../state/protection.ts';
import type { Standing } from '../../state/resource-states.ts';
import { readDomainVersion } from '../../state/versions.ts';
import { readVisitorHashes } from '../../state/visitor-hashes.ts';
import type { Executor } from '../executor-calls.ts';
import { askAll } from '../probe.ts';
import type { AskPage } from '../probe.ts';
import { keepDriftOfSite } from '../keeping-drift.ts';
import type { KeepingParts } from '../keeping-drift.ts';
import { contextOf, parsed, refused } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface DomainParts extends KeepingParts {
  readonly executor: Executor;
  readonly askPage: AskPage;
  /** The server's own name, which no site may have, nor one below it. */
  readonly serverName: string;
}

type DomainKinds = 'domain.create' | 'domain.update' | 'domain.delete' | 'domain.restore' | 'domain.move';

export function createDomainHandlers(parts: DomainParts): Readonly<Record<DomainKinds, Handler>> {
  const bringAbout = (verb: 'site.put' | 'site.restore') => async (task: Task) => {
    const site = await readSite(parts, task);
    // What comes back from the trash has not stood.
    if (verb === 'site.put') await keepDriftOfSite(parts, task, site.id);
    task.stillMine();
    const { probes } = await parts.executor.call(verb, site, contextOf(task));
    await askAll(parts.askPage, task, probes);
    return 'live' as const;
  };
  const put = bringAbout('site.put');
  const takeAway = async (task: Task): Promise<Standing> => {
    const id = parsed(DomainId, task.operation.resourceId);
    task.stillMine();
    const { probes, purgeAfter } = await removeSite(parts.executor, task, id);
    await askAll(parts.askPage, task, probes);
    return purgeAfter === null ? 'deleted' : { purgeAfter: new Date(purgeAfter) };
  };
  const remove = async (task: Task): Promise<Standing> => {
    await keepDriftOfSite(parts, task, parsed(DomainId, task.operation.resourceId));
    return takeAway(task);
  };
  return {
    'domain.create': { apply: put, discard: remove },
    'domain.update': { apply: put, discard: remove },
    'domain.delete': { apply: remove },
    'domain.restore': { apply: bringAbout('site.restore'), discard: takeAway },
    'domain.move': { apply: (task) => moveSite(parts, task) },
  };
}

async function moveSite(parts: DomainParts, task: Task): Promise<Standing> {
  const site = await readSite(parts, task);
  const version = await readDomainVersion(parts.state, site.id, site.generation);
  const to = parsed(TenantId, version?.movesTo);
  const names = [site.name, ...site.aliases];
  const related = await relatedName(parts.state, names, { domain: site.id, tenant: to });
  if (related !== undefined) throw nameTaken(related);
  await keepDriftOfSite(parts, task, site.id);
  task.stillMine();
  const { probes } = await parts.executor.call('site.move', { ...site, to }, contextOf(task));
  // Whose it is has been decided by now: that it does not answer is told by its step, and decides nothing back.
  await askAll(parts.askPage, task, probes).catch(() => undefined);
  task.stillMine();
  return 'live';
}

/** The version this operation is about, every name of it checked again and held by this domain. */
async function readSite({ state, serverName }: DomainParts, { operation }: Task): Promise<SiteSpec> {
  const { resourceId: id, generation, tenant, server } = operation;
  const version = await readDomainVersion(state, id, generation);
  if (version === undefined || version.deleted || version.tenant !== tenant || version.server !== server) {
    throw refused('there is no such version of this domain');
  }
  const { name, aliases, type, phpVersion, publicDirectory, isolation, enabled } = version;
  const options = await withHashes(state, id, { options: version.options });
  const phpLimits = version.phpLimits ?? NO_PHP_LIMITS;
  const asked = { name, aliases, type, phpVersion, publicDirectory, options, phpLimits, isolation, enabled };
  const site = parsed(SiteSpec, {
    ...{ id, generation, ...asked, protected: await isProtected(state, id), tenant },
  });
  await checkNames({ state, serverName }, site);
  return site;
}

interface AskedOptions {
  readonly options: unknown;
  /** The version that brings passwords which nobody has written. */
  readonly unwritten?: number;
}

/** In a file of which it is said only that it differs. */
const UNWRITTEN_HASH = `$6$salt$${'a'.repeat(86)}`;

/** A site as a plan asks for it: its names may be free, and are not another's. */
export async function siteOf(
  parts: Pick<DomainParts, 'state' | 'serverName'>,
  one: WouldBe,
): Promise<SiteSpec> {
  const { resource, generation, tenant } = one;
  const version = parsed(WOULD_BE_VERSIONS.domain, one.version);
  const options = await withHashes(parts.state, resource.id, {
    ...{ options: version.options, unwritten: generation },
  });
  const site = parsed(SiteSpec, { ...version, options, id: resource.id, generation, tenant });
  await checkNames(parts, site, 'may be free');
  return site;
}

/** How the site is to be served, with what its visitors come in by. */
async function withHashes(state: Sql, id: string, asked: AskedOptions): Promise<SiteOptions> {
  const { basicAuth, ...options } = parsed(KeptOptions, asked.options);
  if (basicAuth === null) return { ...options, basicAuth };
  const hashes = await readVisitorHashes(state, id);
  const users = basicAuth.users.map(({ name, since }) => {
    const found = hashes.find((hash) => hash.name === name && hash.generation === since);
    const passwordHash = since === asked.unwritten ? UNWRITTEN_HASH : found?.passwordHash;
    if (passwordHash === undefined) throw refused('a visitor has no password');
    return { name, passwordHash };
  });
  return { ...options, basicAuth: { ...basicAuth, users } };
}

/** The privileged side refuses what the API should have refused, should the API have been taken. */
async function checkNames(
  { state, serverName }: Pick<DomainParts, 'state' | 'serverName'>,
  site: SiteSpec,
  held: 'must be held' | 'may be free' = 'must be held',
): Promise<void> {
  const names = [site.name, ...site.aliases];
  const holders = await domainNameHolders(state, names);
  for (const name of names) {
    const canonical = canonicalDomainName(name, serverName);
    if (!('name' in canonical) || canonical.name !== name) throw refused('a name is not one a site may have');
    const holder = holders.get(name);
    if (holder === undefined && held === 'must be held') throw refused('a name is not held by this domain');
    if (holder !== undefined && holder !== site.id) throw nameTaken(name);
  }
}

/** A site the executor does not know is gone already. */
async function removeSite(executor: Executor, task: Task, id: DomainId): Promise<VerbResult<'site.remove'>> {
  try {
    return await executor.call('site.remove', { id }, contextOf(task));
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'not_found')
      return { probes: [], purgeAfter: null };
    throw error;
  }
}

function nameTaken(name: string): FailureError {
  return new FailureError('name_taken', `${name} belongs to another domain.`, 'Choose another name.');
}
