import {
  choose,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';
import { findDatabase, readDatabaseWord, type DatabaseWord } from './database-word.ts';
import { findSite, readDomainWord, type DomainWord } from './domain-word.ts';

const KINDS = { domain: unprotectDomain, database: unprotectDatabase } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const unprotect: AdminCommand = {
  synopsis: 'unprotect domain|database NAME|ID',
  summary: 'Ends a protection: from then on it can be removed and switched off by whoever may.',
  read: (words) => choose(KINDS, words),
};

function unprotectDomain(words: readonly string[]): AdminRequest {
  const word = readDomainWord(words);
  return {
    subject: `domain ${Object.values(word).join()}`,
    act: (tools) => endForDomain(tools, word),
  };
}

function unprotectDatabase(words: readonly string[]): AdminRequest {
  const word = readDatabaseWord(words);
  return { subject: `database ${words.join()}`, act: (tools) => endForDatabase(tools, word) };
}

async function endForDomain(tools: AdminTools, word: DomainWord): Promise<AdminAnswer> {
  const { registry } = await tools.system();
  const { id, name } = await findSite(registry, word);
  const was = await endProtection(tools, id, { read: () => registry.read(id), write: registry.write });
  return answerOf({ id, name }, was, 'domain');
}

async function endForDatabase(tools: AdminTools, word: DatabaseWord): Promise<AdminAnswer> {
  const { databases } = await tools.system();
  const { id, name } = await findDatabase(databases, word);
  const was = await endProtection(tools, id, { read: () => databases.read(id), write: databases.write });
  return answerOf({ id, name }, was, 'database');
}

type Remembered<E> = {
  readonly read: () => Promise<E | null>;
  readonly write: (entry: E) => Promise<unknown>;
};

/**
 * First the state, so that no change from now on is asked for as protected, then what the executor goes by. Where
 * that breaks off it is protected still, and this can be asked for again. Answers whether it was.
 */
async function endProtection<E extends { readonly protected: boolean }>(
  { system, records }: AdminTools,
  id: string,
  { read, write }: Remembered<E>,
): Promise<boolean> {
  await (await records()).state.unprotected(id);
  return (await system()).locks.during(id, async () => {
    const entry = await read();
    if (entry === null || !entry.protected) return false;
    await write({ ...entry, protected: false });
    return true;
  });
}

type Named = { readonly id: string; readonly name: string };

function answerOf({ id, name }: Named, was: boolean, noun: 'domain' | 'database'): AdminAnswer {
  const sentence = was ? 'is not protected any more' : 'was not protected on this server';
  return { lines: [`${name} (${id}) ${sentence}`], document: { [noun]: { id, name }, was } };
}
