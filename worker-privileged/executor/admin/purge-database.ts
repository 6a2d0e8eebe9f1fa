import { FailureError } from '../../../contract/failures.ts';
import type { DatabaseEntry } from '../system/database-register.ts';
import { purgeDatabase as purge } from '../verbs/database-trash.ts';
import type { AdminAnswer, AdminTools } from './command.ts';
import { findTrashedDatabase, readDatabaseWord, type DatabaseWord } from './database-word.ts';
import { runOf } from './purge-domain.ts';
import type { PurgeRequest } from './purge-request.ts';

export function purgeDatabase(words: readonly string[]): PurgeRequest {
  const word = readDatabaseWord(words);
  return {
    subject: `database ${words.join()}`,
    byName: word.id === undefined,
    act: (tools) => purgeNow(tools, word),
  };
}

async function purgeNow({ system, records, log }: AdminTools, word: DatabaseWord): Promise<AdminAnswer> {
  const parts = await system();
  const { state } = await records();
  await state.ask();
  const entry = await findTrashedDatabase(parts.databases, word);
  const done: string[] = [];
  await parts.locks.during(entry.id, () =>
    purge(parts, { atOnce: true })({ id: entry.id }, runOf(log, done)),
  );
  await state.databasePurged(entry.id).catch((cause: unknown) => {
    throw Object.assign(stateUntold(entry), { cause });
  });
  return answerOf(entry, done.includes('remove the dump'));
}

function answerOf({ id, name }: DatabaseEntry, dump: boolean): AdminAnswer {
  return {
    lines: [dump ? 'erased the dump' : 'nothing was left to erase', `${name} (${id}) is purged`],
    document: { database: { id, name }, erased: { dump } },
  };
}

function stateUntold({ id }: DatabaseEntry): FailureError {
  return new FailureError(
    'database_unavailable',
    'It is erased, and the API could not be told.',
    `When MariaDB is back: sculptorctl purge database ${id} --yes`,
  );
}
