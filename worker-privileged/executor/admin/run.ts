import { FailureError } from '../../../contract/failures.ts';
import { outcomeOf, type Audit } from '../server/audit.ts';
import { causeOf, type Log } from '../system/log.ts';
import {
  UsageError,
  type AdminAnswer,
  type AdminCommand,
  type AdminRequest,
  type AdminTools,
} from './command.ts';
import { visible, visibleJson } from './visible.ts';

export type Entry = {
  /** What was typed, without the program's own name. */
  readonly words: readonly string[];
  readonly isRoot: boolean;
  readonly commands: Readonly<Record<string, AdminCommand>>;
  readonly tools: AdminTools;
  readonly audit: Audit;
  readonly log: Log;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
};

export type ExitCode = 0 | 1 | 2;

/** Runs one of root's commands to its end: 0 done, 1 refused or failed or not as it should be, 2 used wrongly. */
export async function runAdmin(entry: Entry): Promise<ExitCode> {
  const { isRoot, commands, out, err } = entry;
  if (!isRoot) return complain(err, 1, ['this is for root: run it as root, or with sudo']);
  const json = entry.words.includes('--json');
  const [word = '', ...rest] = entry.words.filter((each) => each !== '--json');
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (command === undefined)
    return complain(err, 2, ['there is no such command; sculptorctl --help lists all']);
  if (rest.some((each) => each === '--help' || each === '-h')) {
    out(`Usage: sculptorctl [--json] ${command.synopsis}\n\n${command.summary}\n`);
    return 0;
  }
  let request: AdminRequest;
  try {
    request = command.read(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return complain(err, 2, [`${word}: ${error.message}`, `Usage: sculptorctl [--json] ${command.synopsis}`]);
  }
  return perform(entry, { word, request, json });
}

type Asked = { readonly word: string; readonly request: AdminRequest; readonly json: boolean };

async function perform(entry: Entry, { word, request, json }: Asked): Promise<ExitCode> {
  const { audit, tools } = entry;
  const noted = { command: word, ...(request.subject === undefined ? {} : { subject: request.subject }) };
  const started = performance.now();
  const end = async (outcome: string) =>
    audit({ event: 'ended', ...noted, outcome, durationMs: Math.round(performance.now() - started) });
  await audit({ event: 'begun', ...noted });
  try {
    const answer = await request.act(tools);
    const good = answer.good ?? true;
    await end(good ? 'succeeded' : 'not as it should be');
    present(entry, answer, json);
    return good ? 0 : 1;
  } catch (error) {
    await end(outcomeOf(error));
    return explain(entry, error, json);
  }
}

function present({ out }: Entry, { lines, document }: AdminAnswer, json: boolean): void {
  if (json) out(visibleJson(document));
  else for (const line of lines) out(`${visible(line)}\n`);
}

function explain({ log, out, err }: Entry, error: unknown, json: boolean): ExitCode {
  if (!(error instanceof FailureError)) {
    log('error', "root's command failed", causeOf(error));
    return complain(err, 1, ['it could not be done; the line above has the cause']);
  }
  const { failure } = error;
  if (error.cause !== undefined) log('error', "root's command failed", causeOf(error));
  if (json) out(visibleJson({ error: failure }));
  return complain(err, 1, [`${failure.code}: ${failure.message}`, failure.hint]);
}

function complain(err: Entry['err'], code: ExitCode, sentences: readonly string[]): ExitCode {
  for (const [index, sentence] of sentences.entries()) {
    err(`${index === 0 ? 'sculptorctl: ' : ''}${visible(sentence)}\n`);
  }
  return code;
}
