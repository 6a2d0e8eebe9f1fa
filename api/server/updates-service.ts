import { Generation } from '../../contract/ids.ts';
import type { ServerId } from '../../contract/ids.ts';
import type { ShownUpdates } from '../../contract/updates.ts';
import type { Sql, State } from '../../state/connection.ts';
import { findOperation, writeOperation } from '../../state/operations.ts';
import { keyOfServer } from '../../state/serial-keys.ts';
import { insertServerRequest, lockServer, openServerOperation } from '../../state/server-requests.ts';
import type { Caller } from '../caller.ts';
import type { WriteContext } from '../write-context.ts';
import type { Write, WriteAnswer } from '../writer.ts';
import { readUpdatesFact } from './facts.ts';
import { requireNoTenant } from './no-tenant.ts';

/** The distribution's updates of this server, which are the administrators'. All throw ProblemErrors. */
export interface UpdatesService {
  readonly read: (caller: Caller) => Promise<ShownUpdates>;
  /** Has them installed now. While one waits or is under way it is the answer, and no other is asked for. */
  readonly install: (context: WriteContext) => Promise<WriteAnswer>;
}

export interface UpdatesServiceParts {
  readonly state: State;
  readonly write: Write;
  readonly server: ServerId;
  readonly serverName: string;
}

const KIND = 'update.install';
const TYPE = 'update';

export function createUpdatesService({
  state,
  write,
  server,
  serverName,
}: UpdatesServiceParts): UpdatesService {
  const findOpen = (sql: Sql, { tenant }: Caller) =>
    openServerOperation(sql, server, { type: TYPE, kind: KIND, tenant });
  return {
    read: async (caller) => {
      requireNoTenant(caller);
      return {
        ...(await readUpdatesFact(state, server)),
        installing: (await findOpen(state, caller)) ?? null,
      };
    },
    install: async (context) => {
      const { caller } = context;
      requireNoTenant(caller);
      return write(context, KIND, async (sql) => {
        await lockServer(sql, server);
        const { tenant, tokenId: actor } = caller;
        const open = await findOpen(sql, caller);
        const found = open === undefined ? undefined : await findOperation(sql, tenant, open);
        if (found !== undefined) return { operation: found.operation, body: { operation: found.operation } };
        const id = await insertServerRequest(sql, { type: TYPE, tenant, server, wanted: {} });
        const operation = await writeOperation(sql, {
          ...{ kind: KIND, resource: { id, name: serverName }, serialKey: keyOfServer(TYPE, server) },
          ...{ generation: Generation.parse(1), tenant, server, actor },
        });
        return { operation, body: { operation } };
      });
    },
  };
}
