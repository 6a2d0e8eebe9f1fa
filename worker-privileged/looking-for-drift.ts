import { compareGrants } from '../contract/grants.ts';
import type { Difference } from '../contract/drift.ts';
import type { Probe } from '../contract/executor.ts';
import { FailureError, toFailure } from '../contract/failures.ts';
import { DatabaseId, DomainId, TenantId } from '../contract/ids.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Sql } from '../state/connection.ts';
import { databaseUsersStanding } from '../state/database-users.ts';
import { postponeDrift } from '../state/drift.ts';
import type { Looked } from '../state/drift.ts';
import type { DatabaseDoor } from './database-door.ts';
import { AWAY, UNASKED } from './executor-calls.ts';
import type { Executor } from './executor-calls.ts';
import type { AskPage } from './probe.ts';
import { isOfTls } from './probe.ts';
import { readAccount } from './reading-accounts.ts';

export interface LookingParts {
  readonly state: Sql;
  readonly executor: Pick<Executor, 'call'>;
  readonly door: DatabaseDoor;
  readonly askPage: AskPage;
}

/** Of one that cannot be looked at: the others have their turn before it. Throws where nothing can be looked at now. */
export async function putOffLook(
  { state, logger }: { readonly state: Sql; readonly logger: Logger },
  looked: Looked,
  error: unknown,
): Promise<void> {
  const { code, message: why } = toFailure(error);
  if (AWAY.has(code)) throw error;
  await postponeDrift(state, looked);
  logger.warn({ type: looked.type, resource: looked.id, code, why }, 'not looked at for drift');
}

type Of = Pick<Looked, 'type' | 'id' | 'name'>;

/** What on the server is not as it was asked for, of one resource and all that belongs to it. Changes nothing. */
export function lookForDrift(parts: LookingParts, of: Of): Promise<readonly Difference[]> {
  return LOOKS[of.type](parts, of);
}

const LOOKS: Readonly<
  Record<Looked['type'], (parts: LookingParts, of: Of) => Promise<readonly Difference[]>>
> = {
  domain: async ({ executor, askPage }, { id }) => {
    const { differences, probes } = await executor.call('site.drift', { id: DomainId.parse(id) }, UNASKED);
    return [...differences, ...(await notServed(askPage, probes))];
  },
  database: (parts, { id }) => lookAtDatabase(parts, DatabaseId.parse(id)),
  tenant: async ({ executor }, { id }) =>
    (await executor.call('tenant.drift', { id: TenantId.parse(id) }, UNASKED)).differences,
};

export async function lookAtDatabase(
  parts: Omit<LookingParts, 'askPage'>,
  id: DatabaseId,
): Promise<readonly Difference[]> {
  const { differences } = await parts.executor.call('database.drift', { id }, UNASKED);
  const there = await parts.door.readDatabase(id);
  if (there === undefined) return [...differences, said('have the database', 'it is not on the server')];
  const wrong = await wrongAccounts(parts, { id });
  return [...differences, ...wrong.map(({ name, words }) => said(letIn(name), words))];
}

/** How what is found of an account is named. */
export function letIn(name: string): string {
  return `let ${name} in`;
}

/** What visitors are shown over TLS; what else they get depends on what their site does. */
async function notServed(askPage: AskPage, probes: readonly Probe[]): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const probe of probes.filter(isOfTls)) {
    try {
      await askPage(probe);
    } catch (cause) {
      if (!(cause instanceof FailureError)) throw cause;
      found.push(said('show its certificate', cause.message));
    }
  }
  return found;
}

/** The accounts of a database whose rights or password are not as they were asked for. */
export async function wrongAccounts(
  { state, door }: Pick<LookingParts, 'state' | 'door'>,
  of: Pick<Of, 'id'>,
) {
  const found: { account: Awaited<ReturnType<typeof readAccount>>; name: string; words: string }[] = [];
  for (const standing of await databaseUsersStanding(state, of.id)) {
    const account = await readAccount(state, standing);
    const shown = await door.readUser(account.id);
    const { rights, password } = compareGrants(account.account, shown);
    const wrong = [...(rights ? [] : ['rights']), ...(password ? [] : ['password'])];
    if (wrong.length === 0) continue;
    const words = shown.length === 0 ? 'there is no such account' : `its ${wrong.join(' and ')} are others`;
    found.push({ account, name: account.account.name, words });
  }
  return found;
}

/** A difference of which there are no files. */
export function said(step: string, words: string): Difference {
  return { step: step.slice(0, 100), words: words.slice(0, 500), files: [] };
}
