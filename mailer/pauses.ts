/** How long a message that nobody has taken is tried again. */
export const LIFETIME_MS = 5 * 86_400_000;

/** A message that its host put off: after half a minute, then ever more rarely, up to an hour. */
export function pauseOfMessage(attempts: number): number {
  return Math.min(3_600_000, 30_000 * 2 ** Math.min(attempts, 10));
}

/** A host that is away keeps all messages waiting, so it is looked for sooner: after 2 s, up to five minutes. */
export function pauseOfHost(failures: number): number {
  return Math.min(300_000, 2_000 * 2 ** Math.min(failures, 10));
}
