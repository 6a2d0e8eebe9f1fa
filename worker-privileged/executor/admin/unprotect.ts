import {
  choose,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';
import { findSite, readDomainWord, type DomainWord } from './domain-word.ts';

const KINDS = { domain: unprotectDomain } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const unprotect: AdminCommand = {
  synopsis: 'unprotect domain NAME|ID',
  summary: 'Ends a protection: from then on it can be removed and switched off by whoever may.',
  read: (words) => choose(KINDS, words),
};

function unprotectDomain(words: readonly string[]): AdminRequest {
  const word = readDomainWord(words);
  return {
    subject: `domain ${Object.values(word).join()}`,
    act: (tools) => endProtection(tools, word),
  };
}

/**
 * First the state, so that no change from now on is asked for as protected, then what the executor goes by. Where
 * that breaks off it is protected still, and this can be asked for again.
 */
async function endProtection({ system, records }: AdminTools, word: DomainWord): Promise<AdminAnswer> {
  const { registry, locks } = await system();
  const { id, name } = await findSite(registry, word);
  await (await records()).state.unprotected(id);
  const was = await locks.during(id, async () => {
    const entry = await registry.read(id);
    if (entry === null || !entry.protected) return false;
    await registry.write({ ...entry, protected: false });
    return true;
  });
  const sentence = was ? 'is not protected any more' : 'was not protected on this server';
  return { lines: [`${name} (${id}) ${sentence}`], document: { domain: { id, name }, was } };
}
