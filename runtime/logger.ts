import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export type { Logger } from 'pino';

/** What must never be printed, should a careless line hold it all the same. */
const HIDDEN_FIELDS = ['authorization', 'password', 'token', 'passwordHash', 'secret'];

/**
 * One JSON object a line. Messages are static, facts are fields; `error` means that a person must act.
 * Without a destination it writes to stdout, synchronously, so that the last lines of a crash are there.
 */
export function createLogger(name: string, destination?: DestinationStream): Logger {
  return pino(
    {
      base: { process: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: HIDDEN_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[secret]',
      },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
}
