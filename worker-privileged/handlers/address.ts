import { WantedBan } from '../../contract/bans.ts';
import { toFailure } from '../../contract/failures.ts';
import { ServerRequestId } from '../../contract/ids.ts';
import type { State } from '../../state/connection.ts';
import { readServerRequest } from '../../state/server-requests.ts';
import type { Executor } from '../executor-calls.ts';
import { lookAtBans } from '../knowing-bans.ts';
import { contextOf, parsed } from '../task.ts';
import type { Handler, Task } from '../task.ts';

export interface AddressParts {
  readonly state: State;
  readonly executor: Executor;
}

/** An address is kept off, or let in again, by fail2ban; that it is so the executor has looked. */
export function createAddressHandlers(
  parts: AddressParts,
): Readonly<Record<'address.ban' | 'address.unban', Handler>> {
  const by = (verb: 'ban.put' | 'ban.remove'): Handler => ({
    apply: async (task) => {
      const wanted = await wantedOf(parts, task);
      task.stillMine();
      const seen = () => lookAtBans(parts, task.operation.server).catch(() => undefined);
      // Whoever waited for this shall not read what stood before it; where the hour is full nothing has changed.
      await parts.executor.call(verb, wanted, contextOf(task)).catch(async (error: unknown) => {
        if (toFailure(error).code !== 'limit_reached') await seen();
        throw error;
      });
      await seen();
      return 'as-before';
    },
  });
  return { 'address.ban': by('ban.put'), 'address.unban': by('ban.remove') };
}

async function wantedOf(
  { state }: AddressParts,
  { operation }: Task,
): Promise<WantedBan & { readonly id: ServerRequestId }> {
  const id = parsed(ServerRequestId, operation.resourceId);
  return { id, ...parsed(WantedBan, await readServerRequest(state, 'address', id)) };
}
