import type { MailSender } from '../contract/mail.ts';
import type { Logger } from '../runtime/logger.ts';

export type SaySeldom = (site: MailSender, why: string) => void;

const PAUSE_MS = 60_000;

/** A line for a refusal, and for a site at most one a minute: a loop in a site's program fills no log. */
export function createSaySeldom(logger: Logger, now: () => number = () => performance.now()): SaySeldom {
  const last = new Map<MailSender, { at: number; unsaid: number }>();
  return (site, why) => {
    const before = last.get(site);
    if (before !== undefined && now() - before.at < PAUSE_MS) {
      before.unsaid += 1;
      return;
    }
    logger.info({ site, why, unsaid: before?.unsaid ?? 0 }, 'mail not taken');
    last.set(site, { at: now(), unsaid: 0 });
  };
}
