import { WOULD_BE_VERSIONS } from '../../contract/changes.ts';
import type { PlannableKind, WouldBe } from '../../contract/changes.ts';
import type { Difference } from '../../contract/drift.ts';
import { DatabaseId, DatabaseUserId } from '../../contract/ids.ts';
import { databaseNameHolder } from '../../state/held-names.ts';
import { isProtected } from '../../state/protection.ts';
import { ownerOf } from '../../state/would-be.ts';
import { said } from '../looking-for-drift.ts';
import { parsed, refused } from '../task.ts';
import type { Planner, PlanParts } from './planner.ts';

type Kinds = Extract<PlannableKind, `${'database' | 'databaseUser'}.${string}`>;

/** What the door would do is told in words: there are no files of it. */
export const DATABASE_PLANNERS: Readonly<Record<Kinds, Planner>> = {
  'database.create': async (parts, { one, context }) => {
    const { executor } = parts;
    const { name, charset, collation, ...wanted } = await databaseOf(parts, one);
    await executor.call('tenant.room', { id: one.tenant }, context);
    const made = said(
      `create the database ${name}`,
      `it would be made, with the character set ${charset} and ${collation}`,
    );
    return [made, ...(wanted.protected ? [PROTECTED] : [])];
  },
  'database.update': async (parts, { one }) => {
    const { charset, collation, ...wanted } = await databaseOf(parts, one);
    const there = await parts.door.readDatabase(parsed(DatabaseId, one.resource.id));
    const isSame = there?.charset === charset && there.collation === collation;
    const words = `what is made in it from then on would have ${charset} and ${collation}, not ${there?.charset ?? 'none'} and ${there?.collation ?? 'none'}`;
    const isNews = wanted.protected && !(await isProtected(parts.state, one.resource.id));
    return [...(isSame ? [] : [said('set its character set', words)]), ...(isNews ? [PROTECTED] : [])];
  },
  'database.delete': async ({ executor }, { one, context }) =>
    (await executor.plan('database.remove', { id: parsed(DatabaseId, one.resource.id) }, context))
      .differences,
  'database.restore': async (parts, { one }) => {
    const { name } = await databaseOf(parts, one);
    return [said(`bring the database ${name} back`, 'from its dump, with its accounts as they were')];
  },
  'databaseUser.create': account(({ name, database, can, most }) => [
    said(
      `make the account ${name}`,
      `it would come into the database ${database}, ${can}, with ${most} and a new password`,
    ),
  ]),
  'databaseUser.update': account(({ name, database, can, most }) => [
    said(`change the account ${name}`, `in the database ${database}, ${can}, with ${most}`),
  ]),
  'databaseUser.rotate': account(({ name }) => [
    said(`change the password of ${name}`, 'the one that it has lets nobody in after that'),
  ]),
  'databaseUser.delete': account(({ name, isThere }) =>
    isThere ? [said(`remove the account ${name}`, 'nobody comes in as it after that')] : [],
  ),
};

const PROTECTED = said('protect it', 'it would not be removed before root on the server clears that');

async function databaseOf({ state }: Pick<PlanParts, 'state'>, one: WouldBe) {
  const version = parsed(WOULD_BE_VERSIONS.database, one.version);
  const holder = await databaseNameHolder(state, one.server, version.name);
  if (holder !== undefined && holder !== one.resource.id)
    throw refused('its name is not held by this database');
  return version;
}

interface Account {
  readonly name: string;
  readonly database: string;
  readonly can: string;
  readonly most: string;
  readonly isThere: boolean;
}

function account(tell: (account: Account) => readonly Difference[]): Planner {
  return async ({ state, door }, { one }) => {
    const version = parsed(WOULD_BE_VERSIONS.databaseUser, one.version);
    const owner = await ownerOf(state, 'database', version.database);
    if (owner?.tenant !== one.tenant || owner.server !== one.server)
      throw refused('its database is not one of this tenant on this server');
    const { name, privileges, maxConnections } = version;
    return tell({
      ...{ name, database: version.databaseName },
      can: privileges === 'all' ? 'with all rights in it' : 'to read it',
      most: maxConnections === null ? 'as many connections as any' : `${maxConnections} connections at most`,
      isThere: (await door.readUser(parsed(DatabaseUserId, one.resource.id))).length > 0,
    });
  };
}
