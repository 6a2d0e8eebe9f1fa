import { BAN_JAILS } from '../../contract/bans.ts';
import type { BanAddress, CreateBan, SeenBans, WantedBan } from '../../contract/bans.ts';
import { Generation } from '../../contract/ids.ts';
import type { ServerId } from '../../contract/ids.ts';
import { AddressRange } from '../../contract/tokens.ts';
import { holdAddress } from '../../runtime/address-ranges.ts';
import type { State } from '../../state/connection.ts';
import { writeOperation } from '../../state/operations.ts';
import { keyOfServer } from '../../state/serial-keys.ts';
import { insertServerRequest } from '../../state/server-requests.ts';
import type { Caller } from '../caller.ts';
import { invalidInput } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';
import { readBansFact } from './facts.ts';
import { requireNoTenant } from './no-tenant.ts';

/** Whom fail2ban keeps off this server, which is the administrators' to say. All throw ProblemErrors. */
export interface BansService {
  readonly read: (caller: Caller) => Promise<SeenBans>;
  readonly ban: (context: WriteContext, wanted: CreateBan) => Promise<WriteAnswer>;
  readonly unban: (context: WriteContext, address: BanAddress) => Promise<WriteAnswer>;
}

export interface BansServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
  /** With blanks between them, as root wrote them: what of it is no network the privileged side names. */
  readonly panelAddresses: string;
}

const TYPE = 'address';

export function createBansService({ state, write, server, panelAddresses }: BansServiceParts): BansService {
  const panel = panelAddresses.split(' ').flatMap((word) => AddressRange.safeParse(word).data ?? []);

  const ask = (context: WriteContext, kind: 'address.ban' | 'address.unban', wanted: WantedBan) => {
    const { tenant, tokenId: actor } = context.caller;
    return write(context, kind, async (sql) => {
      const id = await insertServerRequest(sql, { type: TYPE, tenant, server, wanted });
      const operation = await writeOperation(sql, {
        ...{ kind, resource: { id, name: wanted.address }, serialKey: keyOfServer(TYPE, server) },
        ...{ generation: Generation.parse(1), tenant, server, actor },
      });
      return { operation, body: { operation } };
    });
  };

  return {
    read: async (caller) => {
      requireNoTenant(caller);
      return readBansFact(state, server);
    },
    ban: async (context, wanted) => {
      requireNoTenant(context.caller);
      refuseOwn(wanted.address, { panel, caller: context.caller });
      return ask(context, 'address.ban', wanted);
    },
    unban: async (context, address) => {
      requireNoTenant(context.caller);
      return ask(context, 'address.unban', { address, jails: [...BAN_JAILS] });
    },
  };
}

/** What the API can know of it. Whom else nobody bans the privileged side knows, which has the last word. */
function refuseOwn(
  address: BanAddress,
  { panel, caller }: { readonly panel: readonly AddressRange[]; readonly caller: Caller },
): void {
  const refuse = (message: string, expected: string) => {
    throw invalidInput([{ field: 'address', message, expected }]);
  };
  if (holdAddress(panel, address))
    refuse('This address is the panel’s.', 'an address that panelAddresses of this server does not name');
  if (caller.address === address)
    refuse('This request comes from that address.', 'an address other than your own');
}
