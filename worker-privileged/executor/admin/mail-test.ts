import { randomBytes } from 'node:crypto';
import { FailureError } from '../../../contract/failures.ts';
import { readMailSettings } from '../system/mail-settings.ts';
import { readNoticeSettings } from '../system/notice-settings.ts';
import { requireNoWords, type AdminRequest } from './command.ts';

/** A letter to all who are told of anything, the way that every other goes. */
export function testMail(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return {
    subject: 'test',
    act: async ({ system, mailer }) => {
      const { files, now } = await system();
      const { recipients } = await readNoticeSettings(files);
      if ((await readMailSettings(files)).submission === null)
        throw refusal('No mail goes out: no host is set.', 'sculptorctl mail set HOST');
      if (recipients.length === 0)
        throw refusal('Nobody is told of anything by mail.', 'sculptorctl mail notify ADDRESS');
      const id = `test_${randomBytes(8).toString('hex')}`;
      const event = { type: 'mail.test', timestamp: now().toISOString(), data: { tenant: null } } as const;
      const { letters } = await mailer.tell({ id, event });
      const to = recipients.map(({ address }) => address);
      return {
        lines: [
          `${letters} letters are on their way to the mail host: ${to.join(', ')}`,
          'What the host says of them is in the log of the mailer: journalctl -u sculptor-mailer, or /var/log/sculptor/mailer.log.',
        ],
        document: { letters, to },
      };
    },
  };
}

function refusal(sentence: string, hint: string): FailureError {
  return new FailureError('invalid_request', sentence, `Set it first: ${hint}.`);
}
