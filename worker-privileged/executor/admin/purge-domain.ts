import { FailureError } from '../../../contract/failures.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { Run } from '../ensure.ts';
import { causeOf, type Log } from '../system/log.ts';
import { paths } from '../system/paths.ts';
import type { SiteEntry } from '../system/registry.ts';
import type { System } from '../system/system.ts';
import { purgeSite } from '../verbs/site-trash.ts';
import type { AdminAnswer, AdminTools } from './command.ts';
import { findTrashedSite, readDomainWord, type DomainWord } from './domain-word.ts';
import type { PurgeRequest } from './purge-request.ts';

/** As long as the executor gives to the same for the worker. */
const PATIENCE_MS = 3_600_000;

export function purgeDomain(words: readonly string[]): PurgeRequest {
  const word = readDomainWord(words);
  return {
    subject: `domain ${Object.values(word).join()}`,
    byName: 'name' in word,
    act: (tools) => purgeNow(tools, word),
  };
}

async function purgeNow({ system, records, log }: AdminTools, word: DomainWord): Promise<AdminAnswer> {
  const parts = await system();
  const { state } = await records();
  await state.ask();
  const entry = await findTrashedSite(parts.registry, word);
  const erased = await parts.locks.during(entry.id, async () => {
    const folders = await foldersOf(parts, entry.id);
    const done: string[] = [];
    await purgeSite(parts, { atOnce: true })({ id: entry.id }, runOf(log, done));
    return { folders, account: done.includes('remove the account') ? entry.user : null };
  });
  await state.sitePurged(entry.id).catch((cause: unknown) => {
    throw Object.assign(stateUntold(entry), { cause });
  });
  return answerOf(entry, erased);
}

type Erased = { readonly folders: readonly string[]; readonly account: string | null };

async function foldersOf({ folders }: Pick<System, 'folders'>, id: DomainId): Promise<readonly string[]> {
  const names = (await folders.list(paths.trash)).filter((name) => name.startsWith(`${id}-`));
  return names.map(paths.inTrash);
}

/** Notes which steps changed something. */
export function runOf(log: Log, done: string[]): Run {
  return {
    report: ({ name, status, changed }) => {
      if (status === 'succeeded' && changed) done.push(name);
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
    warn: (message, cause) => log('error', message, causeOf(cause)),
  };
}

function answerOf({ id, name }: SiteEntry, { folders, account }: Erased): AdminAnswer {
  const lines = [
    ...folders.map((folder) => `erased the files in ${folder}`),
    ...(account === null ? [] : [`removed the account ${account}`]),
  ];
  return {
    lines: [...(lines.length > 0 ? lines : ['nothing was left to erase']), `${name} (${id}) is purged`],
    document: { domain: { id, name }, erased: { folders, account } },
  };
}

function stateUntold({ id }: SiteEntry): FailureError {
  return new FailureError(
    'database_unavailable',
    'It is erased, and the API could not be told.',
    `When MariaDB is back: sculptorctl purge domain ${id} --yes`,
  );
}
