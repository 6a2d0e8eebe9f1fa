import { FailureError } from '../../../contract/failures.ts';
import {
  choose,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';
import { readDatabaseWord, type DatabaseWord } from './database-word.ts';
import { talkOver } from './talk.ts';

const WORDS = { shell } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const database: AdminCommand = {
  synopsis: 'database shell NAME|ID',
  summary:
    "Opens MariaDB's client in one database: tables and rows, with rights on nothing else. Ends with exit, or the input.",
  read: (words) => choose(WORDS, words),
};

function shell(words: readonly string[]): AdminRequest {
  const word = readDatabaseWord(words);
  return { subject: `shell ${words.join()}`, act: (tools) => open(tools, word) };
}

async function open({ system, terminal }: AdminTools, word: DatabaseWord): Promise<AdminAnswer> {
  const { mariadb } = await system();
  const found = await mariadb.findStanding(word);
  if (found === null) throw notThere();
  const good = await mariadb.shell(found, talkOver(terminal, `${found.name}> `));
  return { lines: [], document: { database: found }, good };
}

function notThere(): FailureError {
  return new FailureError(
    'not_found',
    'There is no such database on this server, or it is being removed.',
    'sculptorctl database list shows which there are.',
  );
}
