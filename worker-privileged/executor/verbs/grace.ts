import { FailureError } from '../../../contract/failures.ts';
import type { System } from '../system/system.ts';

type Clock = Pick<System, 'limits' | 'now'>;

/** When what was removed then may be purged, by what root has set now. */
export async function dueAt({ limits }: Pick<Clock, 'limits'>, removedAt: string): Promise<string> {
  const { graceHours } = await limits();
  return new Date(Date.parse(removedAt) + graceHours * 3_600_000).toISOString();
}

/** By this side's own record and clock, whatever it is told. */
export async function requireDue(system: Clock, removedAt: string): Promise<void> {
  const due = await dueAt(system, removedAt);
  if (system.now().getTime() >= Date.parse(due)) return;
  throw new FailureError(
    'not_due',
    `It is kept in the trash until ${due}.`,
    'It is purged by itself then. Root can purge it before: sculptorctl purge',
  );
}
