import { isWanted } from '../contract/mail-notices.ts';
import type { NoticesWanted } from '../contract/mail-notices.ts';
import { insertNotice } from '../state/mail-notices.ts';
import { createComplaints } from './complaining.ts';
import { createHandingOver } from './handing-over.ts';
import type { MailingParts } from './handing-over.ts';
import { createLooking } from './looking.ts';
import type { MailerDoor } from './mailer-door.ts';
import { createWatch } from './watch.ts';

/** The mailer is on this server: it is asked again after a second, then ever more rarely, up to a minute. */
const MOST_PAUSE_MS = 60_000;
/** Rounds that failed, which is after a minute: a new start of the mailer takes some seconds. */
const PATIENCE_ROUNDS = 7;

/**
 * Once round: writes down what anybody is to be told of by mail, and hands to the mailer what is open. While the mailer is away
 * what was wanted last is written down, and waits. Never throws.
 */
export function createMailing(parts: MailingParts): () => Promise<void> {
  const { server, state, mailer, logger, now = Date.now } = parts;
  const complain = createComplaints(logger);
  const unheard = (error: unknown) => complain(error, 'what happened was not told by mail');
  const looking = createLooking({ unheard, now });
  const handOver = createHandingOver(parts);
  const watch = createWatch(logger, 'mailer', PATIENCE_ROUNDS);
  let wanted: NoticesWanted | undefined;
  let failures = 0;
  let notBefore = 0;

  async function collect(): Promise<void> {
    const some = wanted;
    if (some === undefined) return;
    if (some.length === 0) {
      looking.forget();
      return;
    }
    await looking.once(state, server, async ({ id, body }) => {
      if (some.some((one) => isWanted(one, body))) await insertNotice(state, { id, server, body });
    });
  }

  function away(said: string): void {
    watch.unwell({ said });
    notBefore = now() + Math.min(MOST_PAUSE_MS, 1000 * 2 ** Math.min(failures, 10));
    failures += 1;
  }

  async function speak(): Promise<void> {
    const stopped = await handOver();
    if (stopped?.kind === 'away') {
      away(stopped.said);
      return;
    }
    watch.well();
    failures = 0;
    // Not longer than a minute: root may have allowed more meanwhile.
    if (stopped !== undefined) notBefore = now() + Math.min(MOST_PAUSE_MS, 1000 * stopped.seconds);
  }

  return async () => {
    try {
      const isTime = now() >= notBefore;
      const asked = isTime ? await wantedOf(mailer) : undefined;
      if (asked !== undefined && 'wanted' in asked) wanted = asked.wanted;
      else if (asked !== undefined) away(asked.said);
      await collect();
      if (asked !== undefined && 'wanted' in asked) await speak();
    } catch (error) {
      complain(error, 'nothing is told by mail');
    }
  };
}

async function wantedOf(
  mailer: MailerDoor,
): Promise<{ readonly wanted: NoticesWanted } | { readonly said: string }> {
  try {
    return { wanted: await mailer.wanted() };
  } catch (error) {
    return { said: error instanceof Error ? error.message : String(error) };
  }
}
