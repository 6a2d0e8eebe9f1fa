import { FailureError } from '../../../../contract/failures.ts';
import type { Step } from '../../ensure.ts';
import { paths } from '../../system/paths.ts';
import type { SiteEntry } from '../../system/registry.ts';
import { holderOf, namesOf, POOL_USER, userOf, type Story } from './story.ts';

/** Refuses what no step could mend, before any of them. */
export async function admit({ system, spec }: Story): Promise<void> {
  if (namesOf(spec).some((name) => name === system.serverName)) {
    throw new FailureError('name_taken', 'This is the name of the server itself.', 'Choose another name.');
  }
  const entry = await system.registry.read(spec.id);
  if (entry === null) return requireNothingThere({ system, spec });
  if (entry.removedAt !== null) {
    throw new FailureError('not_found', 'This site was removed from the server.', 'Create it anew.');
  }
  if (entry.name !== spec.name || entry.isolation !== spec.isolation) {
    throw refuse("A site's name and isolation cannot change.", 'Create another site.');
  }
  if (spec.generation < entry.generation) {
    throw refuse('The server has a newer version of this site.', 'Ask for the change again.');
  }
}

/** The site has its entry, with every name that a link is made for from here on. */
export function registered(story: Story): Step {
  const { system, spec } = story;
  return {
    name: 'register the site',
    look: async () => {
      const entry = await system.registry.read(spec.id);
      if (entry === null) return 'the site is not registered';
      if (entry.generation !== spec.generation) return `the registered version is ${entry.generation}`;
      return namesOf(spec).every((name) => entry.names.includes(name)) ? null : 'a name is not registered';
    },
    change: async () => {
      const entry = (await system.registry.read(spec.id)) ?? (await newEntry(story));
      const names = [...new Set([...entry.names, ...namesOf(spec)])];
      return system.registry.write({ ...entry, names, generation: spec.generation });
    },
  };
}

async function newEntry(story: Story): Promise<SiteEntry> {
  const { system, spec } = story;
  const pooled = spec.isolation === 'pool' ? await poolAccount(story) : null;
  const uid = pooled?.uid ?? (await system.registry.nextUid(system.accounts.isTaken));
  return {
    id: spec.id,
    kind: 'site',
    uid,
    gid: pooled?.gid ?? uid,
    user: userOf(spec),
    name: spec.name,
    isolation: spec.isolation,
    since: system.now().toISOString(),
    removedAt: null,
    generation: spec.generation,
    names: [],
    home: false,
    php: null,
  };
}

async function poolAccount({ system }: Story) {
  const account = await system.accounts.find(POOL_USER);
  if (account !== null) return account;
  throw new FailureError(
    'server_broken',
    `The user ${POOL_USER} is not there.`,
    'Run the installation on the server again: it makes what is missing.',
  );
}

/** What is there before us is somebody's, whoever's: it is refused and never adopted. */
async function requireNothingThere({ system, spec }: Story | Omit<Story, 'php'>): Promise<void> {
  for (const name of namesOf(spec)) {
    const link = await system.files.readLink(paths.host(name));
    if (link !== null && holderOf(link) !== spec.id) throw nameTaken(name);
  }
  if ((await system.folders.look(paths.home(spec.name))) !== null) {
    throw notOurs(`The folder ${paths.home(spec.name)} is there already`, 'Move the folder away');
  }
  if (spec.isolation === 'site' && (await system.accounts.find(userOf(spec))) !== null) {
    throw notOurs(`The user ${userOf(spec)} is there already`, 'Remove the user');
  }
}

export function nameTaken(name: string): FailureError {
  return new FailureError('name_taken', `Another site has the name ${name}.`, 'Choose another name.');
}

export function notOurs(what: string, todo: string): FailureError {
  return new FailureError('not_ours', `${what}, and not of the agent's making.`, `${todo}, then ask again.`);
}

function refuse(message: string, hint: string): FailureError {
  return new FailureError('invalid_request', message, hint);
}
