import { must } from './server.ts';

export const SPOOL = '/var/lib/sculptor-mail/spool';

/** What waits would go out by whichever host is set next. */
export function emptySpool(): void {
  must('systemctl', ['stop', 'sculptor-mailer.service']);
  must('sh', ['-c', `rm -f ${SPOOL}/*`]);
  must('systemctl', ['start', 'sculptor-mailer.service']);
}
