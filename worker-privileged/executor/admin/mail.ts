import { choose, requireNoWords, type AdminCommand, type AdminRequest } from './command.ts';
import { changeMail, mailAnswer } from './mail-change.ts';
import { limitMail } from './mail-limit.ts';
import { notifyByMail } from './mail-notify.ts';
import { setMail } from './mail-set.ts';
import { testMail } from './mail-test.ts';

const WORDS = {
  show,
  set: setMail,
  limit: limitMail,
  notify: notifyByMail,
  test: testMail,
  off,
} as const satisfies Readonly<Record<string, (words: readonly string[]) => AdminRequest>>;

export const mail: AdminCommand = {
  synopsis: 'mail show | set HOST | limit DOMAIN N | notify ADDRESS [off] | test | off',
  summary:
    'Where mail goes out, and how much of it from sites in an hour; of one site by limit, where N may be default. With set: --port N, --security starttls|tls, --user NAME (its password is read from standard input), --sender-domain NAME, --per-hour N. Whom the server itself writes to when something happens, by notify, with --events TYPE,TYPE and --per-hour N; test writes to all of them.',
  read: (words) => choose(WORDS, words),
};

function show(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return { subject: 'show', act: async ({ system }) => mailAnswer(await system()) };
}

/** The host and its password are forgotten; what was taken waits, and limits stay. */
function off(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return {
    subject: 'off',
    act: async ({ system }) =>
      changeMail(await system(), (before) => Promise.resolve({ ...before, submission: null })),
  };
}
