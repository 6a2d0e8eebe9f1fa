import { refreshSite } from '../verbs/site/refresh.ts';
import {
  choose,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';
import { findSite, readDomainWord, type DomainWord } from './domain-word.ts';
import { runOf } from './purge-domain.ts';

const WORDS = { refresh } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const site: AdminCommand = {
  synopsis: 'site refresh NAME|ID',
  summary: 'Has nginx read what lies in /etc/sculptor/snippets for a domain as it is now.',
  read: (words) => choose(WORDS, words),
};

function refresh(words: readonly string[]): AdminRequest {
  const word = readDomainWord(words);
  return {
    subject: `refresh ${Object.values(word).join()}`,
    act: (tools) => refreshNow(tools, word),
  };
}

async function refreshNow({ system, log }: AdminTools, word: DomainWord): Promise<AdminAnswer> {
  const parts = await system();
  const entry = await findSite(parts.registry, word);
  const done: string[] = [];
  await parts.locks.during(entry.id, () => refreshSite(parts, entry, runOf(log, done)));
  const changed = done.length > 0;
  const sentence = changed ? 'is served by what is written for it now' : 'was served so already';
  return {
    lines: [`${entry.name} (${entry.id}) ${sentence}`],
    document: { domain: { id: entry.id, name: entry.name }, changed },
  };
}
