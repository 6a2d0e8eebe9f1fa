import type { Submission } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';
import { pauseOfHost } from './pauses.ts';
import type { Outcome } from './submission.ts';

export type HostWatch = {
  /** False while it was away a moment ago; a host that was set anew may be asked at once. */
  readonly mayBeAsked: (host: Submission) => boolean;
  readonly heard: (host: Submission, outcome: Outcome) => void;
};

/**
 * Whether the host is there: one that is away is not asked for each message, and is told of once. By a clock that nobody
 * sets: were it set back, the pause would last as long.
 */
export function createHostWatch(logger: Logger, now: () => number = () => performance.now()): HostWatch {
  let about = '';
  let failures = 0;
  let notBefore = 0;

  const turnTo = (host: Submission): void => {
    const text = JSON.stringify(host);
    if (text === about) return;
    about = text;
    failures = 0;
    notBefore = 0;
  };
  return {
    mayBeAsked: (host) => {
      turnTo(host);
      return now() >= notBefore;
    },
    heard: (host, outcome) => {
      turnTo(host);
      const facts = { host: host.host, port: host.port };
      if (outcome.kind === 'answered') {
        if (failures > 0) logger.info({ ...facts, failures }, 'the mail host answers again');
        failures = 0;
        notBefore = 0;
        return;
      }
      // Those that were under way at once have failed for one reason.
      if (now() < notBefore) return;
      notBefore = now() + pauseOfHost(failures);
      failures += 1;
      const told = { ...facts, said: outcome.said, failures };
      if (outcome.mend) logger.error(told, 'the mail host does not let the server in');
      else if (failures === 1) logger.warn(told, 'the mail host is away');
    },
  };
}
