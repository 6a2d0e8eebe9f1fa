import { MailSettings, type Submission } from '../../../contract/mail.ts';
import type { NoticeSettings } from '../../../contract/mail-notices.ts';
import { readMailSettings } from '../system/mail-settings.ts';
import { readNoticeSettings } from '../system/notice-settings.ts';
import { paths } from '../system/paths.ts';
import type { System } from '../system/system.ts';
import type { AdminAnswer } from './command.ts';

/** The mailer reads the file at each use, so that it holds at once. */
export async function changeMail(
  system: System,
  change: (before: MailSettings) => Promise<MailSettings>,
): Promise<AdminAnswer> {
  const { files, locks } = system;
  await locks.during('mail', async () => {
    const wanted = MailSettings.parse(await change(await readMailSettings(files)));
    await files.replace(paths.mailSettings, `${JSON.stringify(wanted, null, 2)}\n`, 0o640);
  });
  return mailAnswer(system);
}

/** All but the password. */
export async function mailAnswer({ files, folders, serverName }: System): Promise<AdminAnswer> {
  const { submission, senderDomain, perHour, perHourOf } = await readMailSettings(files);
  const notify = await readNoticeSettings(files);
  const waiting = (await folders.list(paths.mailSpool)).filter((name) => name.endsWith('.json')).length;
  const shown = submission === null ? null : withoutPassword(submission);
  const sender = senderDomain ?? serverName;
  const own = Object.entries(perHourOf).map(
    ([id, most]) => `${`of ${id}`.padEnd(18)}${most} recipients an hour`,
  );
  return {
    lines: [
      ...(shown === null
        ? ['host              none: no mail goes out']
        : [
            `host              ${shown.host}, port ${shown.port}, ${shown.security}`,
            `user              ${shown.user ?? 'none'}`,
          ]),
      `sender            s-<id>@${sender}`,
      `of each site      ${perHour} recipients an hour`,
      ...own,
      ...told(notify),
      `waiting           ${waiting}`,
    ],
    document: { submission: shown, senderDomain: sender, perHour, perHourOf, notify, waiting },
  };
}

function told({ perHour, recipients }: NoticeSettings): readonly string[] {
  if (recipients.length === 0) return ['told of events    nobody'];
  return [
    ...recipients.map(({ address, events }) => `told of events    ${address}: ${events.join(', ')}`),
    `of the server     ${perHour} letters an hour to each of them, and as many of operations`,
  ];
}

function withoutPassword({ host, port, security, login }: Submission) {
  return { host, port, security, user: login?.user ?? null };
}
