import { parseArgs } from 'node:util';
import { FailureError } from '../../../contract/failures.ts';
import {
  MailHost,
  MailLogin,
  MailSecurity,
  MailsPerHour,
  type MailSettings,
  type Submission,
} from '../../../contract/mail.ts';
import { DomainName } from '../../../contract/names.ts';
import { UsageError, type AdminRequest } from './command.ts';
import { changeMail } from './mail-change.ts';

const OPTIONS = {
  port: { type: 'string' },
  security: { type: 'string', default: 'starttls' },
  user: { type: 'string' },
  'sender-domain': { type: 'string' },
  'per-hour': { type: 'string' },
} as const;

const PORTS: Readonly<Record<MailSecurity, number>> = { starttls: 587, tls: 465 };

type Asked = Omit<Submission, 'login'> & {
  readonly user: string | null;
  readonly kept: Partial<Pick<MailSettings, 'senderDomain' | 'perHour'>>;
};

/** The whole of where mail goes out; what is said of senders and limits, where it is said. */
export function setMail(words: readonly string[]): AdminRequest {
  const { user, kept, ...host } = read(words);
  return {
    subject: `set ${host.host}`,
    act: async ({ system, input }) => {
      const login = user === null ? null : { user, password: passwordOf(await input()) };
      return changeMail(await system(), (before) =>
        Promise.resolve({ ...before, ...kept, submission: { ...host, login } }),
      );
    },
  };
}

function read(words: readonly string[]): Asked {
  const { values, positionals } = parse(words);
  const host = MailHost.safeParse(positionals[0]?.toLowerCase());
  if (!host.success || positionals.length !== 1)
    throw new UsageError('it wants the name of the mail host, as its certificate has it');
  const security = MailSecurity.safeParse(values.security);
  if (!security.success) throw new UsageError('--security is starttls or tls');
  const port = values.port === undefined ? PORTS[security.data] : readNumber(values.port, 65_535);
  if (port === null || port === 0) throw new UsageError('--port is a whole number up to 65535');
  const user = MailLogin.shape.user.nullable().safeParse(values.user ?? null);
  if (!user.success) throw new UsageError('--user is a name of up to 255 visible characters');
  return { host: host.data, port, security: security.data, user: user.data, kept: keptOf(values) };
}

function keptOf(values: ReturnType<typeof parse>['values']): Asked['kept'] {
  const { 'sender-domain': domain, 'per-hour': perHour } = values;
  const senderDomain = DomainName.safeParse(domain);
  if (domain !== undefined && !senderDomain.success)
    throw new UsageError('--sender-domain is a host name such as mail.example');
  return {
    ...(senderDomain.success ? { senderDomain: senderDomain.data } : {}),
    ...(perHour === undefined ? {} : { perHour: readPerHour(perHour) }),
  };
}

export function readPerHour(word: string): number {
  const parsed = MailsPerHour.safeParse(readNumber(word, 1_000_000));
  if (parsed.success) return parsed.data;
  throw new UsageError('how many recipients an hour is a whole number up to 1000000');
}

function readNumber(word: string, most: number): number | null {
  return /^[0-9]{1,7}$/.test(word) && Number(word) <= most ? Number(word) : null;
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true, strict: true });
  } catch {
    throw new UsageError(
      'it knows --port, --security, --user, --sender-domain and --per-hour, each with a value',
    );
  }
}

/** One line, as `echo` or a file brings it. */
function passwordOf(text: string): string {
  const password = MailLogin.shape.password.safeParse(text.replace(/\r?\n$/, ''));
  if (password.success) return password.data;
  throw new FailureError(
    'invalid_request',
    'Standard input holds no password.',
    'It wants one line: sculptorctl mail set … --user NAME < FILE',
  );
}
