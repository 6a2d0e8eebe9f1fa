import { parseArgs } from 'node:util';
import { FailureError } from '../../../contract/failures.ts';
import {
  EVENTS_BY_DEFAULT,
  LettersPerHour,
  MailAddress,
  MOST_RECIPIENTS,
  NoticeSettings,
  type NoticeRecipient,
} from '../../../contract/mail-notices.ts';
import { EventPattern } from '../../../contract/webhooks.ts';
import { readNoticeSettings } from '../system/notice-settings.ts';
import { paths } from '../system/paths.ts';
import type { System } from '../system/system.ts';
import { UsageError, type AdminAnswer, type AdminRequest } from './command.ts';
import { mailAnswer } from './mail-change.ts';

const OPTIONS = { events: { type: 'string' }, 'per-hour': { type: 'string' } } as const;

type Change = (before: NoticeSettings, now: Date) => NoticeSettings;

/** Whom the server itself writes to, and of what. */
export function notifyByMail(words: readonly string[]): AdminRequest {
  const { values, positionals } = parse(words);
  const [word, off, ...more] = positionals;
  const perHour = perHourOf(values['per-hour']);
  if (more.length > 0 || (off !== undefined && (off !== 'off' || values.events !== undefined)))
    throw new UsageError('it wants one address, and after it off or nothing');
  if (word === undefined) {
    if (perHour === undefined || values.events !== undefined)
      throw new UsageError('it wants an address such as admin@host.example');
    return request(`notify --per-hour ${perHour}`, (before) => ({ ...before, perHour }));
  }
  const address = addressOf(word);
  const limited = perHour === undefined ? {} : { perHour };
  if (off !== undefined)
    return request(`notify ${address} off`, (before) => ({ ...without(before, address), ...limited }));
  const events = eventsOf(values.events);
  return request(`notify ${address} ${events.join(',')}`, (before, now) => {
    const since = before.recipients.find((one) => one.address === address)?.since ?? now.toISOString();
    const others = without(before, address);
    return { ...others, ...limited, recipients: [...others.recipients, { address, events, since }] };
  });
}

function request(subject: string, change: Change): AdminRequest {
  return { subject, act: async ({ system }) => changeNotices(await system(), change) };
}

async function changeNotices(system: System, change: Change): Promise<AdminAnswer> {
  const { files, locks, now } = system;
  await locks.during('mail', async () => {
    const wanted = change(await readNoticeSettings(files), now());
    if (wanted.recipients.length > MOST_RECIPIENTS) throw tooMany();
    const text = `${JSON.stringify(NoticeSettings.parse(wanted), null, 2)}\n`;
    await files.replace(paths.noticeSettings, text, 0o640);
  });
  return mailAnswer(system);
}

function without(before: NoticeSettings, address: NoticeRecipient['address']): NoticeSettings {
  const recipients = before.recipients.filter((one) => one.address !== address);
  return { ...before, recipients };
}

function addressOf(word: string): string {
  const at = word.lastIndexOf('@');
  const address = MailAddress.safeParse(`${word.slice(0, at)}${word.slice(at).toLowerCase()}`);
  if (at > 0 && address.success) return address.data;
  throw new UsageError('it wants an address such as admin@host.example, its domain in ASCII');
}

function eventsOf(text: string | undefined): string[] {
  const words = text === undefined ? [...EVENTS_BY_DEFAULT] : text.split(',');
  for (const word of words)
    if (!EventPattern.safeParse(word).success)
      throw new UsageError(
        '--events wants types of events as webhooks have them, with commas between them: *, operation.failed, notification.alarm',
      );
  return [...new Set(words)];
}

function perHourOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = LettersPerHour.safeParse(/^[0-9]{1,4}$/.test(text) ? Number(text) : null);
  if (number.success) return number.data;
  throw new UsageError('--per-hour is a whole number from 1 to 1000');
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true, strict: true });
  } catch {
    throw new UsageError('it knows --events and --per-hour, each with a value');
  }
}

function tooMany(): FailureError {
  return new FailureError(
    'invalid_request',
    `No more than ${MOST_RECIPIENTS} addresses are told.`,
    'Take one away first: sculptorctl mail notify ADDRESS off.',
  );
}
