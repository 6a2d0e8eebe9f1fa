import { DomainId } from '../contract/ids.ts';
import type { Generation } from '../contract/ids.ts';
import type { NotificationKind } from '../contract/notifications.ts';
import type { OperationKind } from '../contract/operations.ts';
import type { PublicPort } from '../contract/queues.ts';
import { PART_SPECS } from '../contract/site-parts.ts';
import type { PartSpec, PartType } from '../contract/site-parts.ts';
import type { Sql } from './connection.ts';
import { findDomainVersion, findLastGoodVersion } from './domains.ts';
import { gainsOf, lossesOf } from './domain-changes.ts';
import { lastSuccess } from './open-operations.ts';
import type { ClaimedOperation } from './open-operations.ts';
import { readPartVersion } from './site-parts.ts';
import { readDatabaseUserVersion, readTenantVersion } from './versions.ts';

export interface News {
  readonly kind: NotificationKind;
  readonly message: string;
}

/**
 * What is told of an operation that ends well though nobody asks: what destroys and what lets in, because that is what
 * somebody with a stolen token would do. To be asked before its end is written: it is what differs from what stood
 * until then, for it may have taken the place of the one that was to bring that about. One piece of news of a kind.
 */
export async function whatToTell(sql: Sql, operation: ClaimedOperation): Promise<readonly News[]> {
  const all = (await TELL[operation.kind]?.(operation, sql)) ?? [];
  return [...new Set(all.map(({ kind }) => kind))].map((kind) => ({
    kind,
    message: all.flatMap((news) => (news.kind === kind ? [news.message] : [])).join(' '),
  }));
}

type Tell = (operation: ClaimedOperation, sql: Sql) => readonly News[] | Promise<readonly News[]>;

const TELL: { readonly [K in OperationKind]?: Tell } = {
  'domain.update': domainChanged,
  'domain.delete': removed('The site'),
  'domain.move': ({ resourceName }) => [opened(`The site ${resourceName} was given to another tenant.`)],
  'database.delete': removed('The database'),
  'databaseUser.create': databaseUserChanged,
  'databaseUser.update': databaseUserChanged,
  'databaseUser.rotate': databaseUserChanged,
  'databaseUser.delete': removed('The database user'),
  'tenant.update': tenantChanged,
  'tenant.suspend': tenantChanged,
  'tenant.resume': tenantChanged,
  'tenant.delete': removed('The tenant'),
  'tenant.restore': tenantChanged,
  'key.create': letIn((name) => `Whoever has the key ${name} can put files on its site.`),
  'key.delete': removed('The key'),
  'cache.create': cacheChanged,
  'cache.update': cacheChanged,
  'cache.rotate': cacheChanged,
  'cache.delete': removed('The cache of a site', { named: false }),
  'certificate.update': certificateChanged,
  'certificate.delete': removed('The certificate of a site', { named: false }),
  'cron.create': cronChanged,
  'cron.update': cronChanged,
  'cron.run': cronChanged,
  'cron.delete': removed('The cron'),
  'run.create': letIn((name) => `A command was run as its site; it is the run ${name}.`),
  'queue.create': queueChanged,
  'queue.update': queueChanged,
  'queue.start': queueChanged,
  'queue.stop': queueChanged,
  'queue.restart': queueChanged,
  'queue.delete': removed('The queue'),
};

function destroyed(message: string): News {
  return { kind: 'destroyed', message };
}

function opened(message: string): News {
  return { kind: 'let_in', message };
}

function removed(what: string, { named = true } = {}): Tell {
  return ({ resourceName, before }) => {
    // What never came about, or lay in the trash already, was not there to be removed.
    if (before !== 'live' && before !== 'failed') return [];
    return [destroyed(`${what}${named ? ` ${resourceName}` : ''} was removed.`)];
  };
}

function letIn(sentence: (name: string) => string): Tell {
  return ({ resourceName }) => [opened(sentence(resourceName))];
}

async function domainChanged({ resourceId, resourceName, generation }: ClaimedOperation, sql: Sql) {
  const id = DomainId.parse(resourceId);
  const before = await findLastGoodVersion(sql, id);
  const after = await findDomainVersion(sql, id, generation);
  if (before === undefined || after === undefined) return [];
  const [losses, gains] = [lossesOf(before, after), gainsOf(before.options, after.options)];
  return [
    ...(losses.length === 0 ? [] : [destroyed(`The site ${resourceName} ${losses.join(', and ')}.`)]),
    ...(gains.length === 0 ? [] : [opened(`The site ${resourceName} ${gains.join(', and ')}.`)]),
  ];
}

/** A version as it stood until now, undefined where none did, and the one that stands from now on. */
async function bothVersions<Version>(
  sql: Sql,
  { resourceType: type, resourceId: id, generation }: ClaimedOperation,
  read: (sql: Sql, id: string, generation: Generation) => Promise<Version | undefined>,
): Promise<readonly [Version | undefined, Version | undefined]> {
  const last = await lastSuccess(sql, { type, id });
  const before = last === undefined ? undefined : await read(sql, id, last.generation);
  return [before, await read(sql, id, generation)];
}

async function databaseUserChanged(operation: ClaimedOperation, sql: Sql) {
  const [before, after] = await bothVersions(sql, operation, readDatabaseUserVersion);
  const user = `The database user ${operation.resourceName}`;
  if (before === undefined) return [opened(`${user} was made and can log in.`)];
  const rights = after?.privileges === before.privileges ? undefined : after?.privileges;
  return [
    ...(after?.passwordHash === before.passwordHash ? [] : [opened(`${user} has another password.`)]),
    ...(rights === 'all' ? [opened(`${user} may change what it could only read.`)] : []),
    ...(rights === 'read' ? [destroyed(`${user} may only read.`)] : []),
  ];
}

async function tenantChanged(operation: ClaimedOperation, sql: Sql) {
  const [before, after] = await bothVersions(sql, operation, readTenantVersion);
  const name = operation.resourceName;
  // A tenant from before tenants were asked for has no version that an operation brought about.
  const isKnown = before !== undefined || operation.kind === 'tenant.update';
  const otherPlan = isKnown && JSON.stringify(after?.plan) !== JSON.stringify(before?.plan);
  return [
    ...(after?.suspended === true && before?.suspended !== true
      ? [destroyed(`The tenant ${name} was suspended.`)]
      : []),
    ...(otherPlan ? [opened(`What the tenant ${name} may have was changed.`)] : []),
  ];
}

async function cacheChanged(operation: ClaimedOperation, sql: Sql) {
  const [before, after] = await bothSpecs(sql, operation, 'cache');
  if (before === undefined)
    return [opened('A site has a cache, and whoever has its password on the server can use it.')];
  if (after?.passwordHash === before.passwordHash) return [];
  return [opened('The cache of a site has another password.')];
}

/** Whoever can show another certificate for a site can stand in its place; of what is renewed nothing is told. */
async function certificateChanged(operation: ClaimedOperation, sql: Sql) {
  const [before, after] = await bothSpecs(sql, operation, 'certificate');
  if (before === undefined || JSON.stringify(before) === JSON.stringify(after)) return [];
  if (before.kind === 'none') return [];
  if (after?.kind === 'none') return [destroyed('A site answers over TLS no more.')];
  return [destroyed(`The certificate of a site was replaced by one of the kind ${after?.kind ?? 'none'}.`)];
}

async function cronChanged(operation: ClaimedOperation, sql: Sql) {
  const [before, after] = await bothSpecs(sql, operation, 'cron');
  const cron = `The cron ${operation.resourceName}`;
  if (before === undefined) return [opened(`${cron} was made: a program that runs as its site.`)];
  return isOtherProgram(before, after) ? [opened(`${cron} runs another program on its site.`)] : [];
}

async function queueChanged(operation: ClaimedOperation, sql: Sql) {
  const [before, after] = await bothSpecs(sql, operation, 'queue');
  const queue = `queue ${operation.resourceName}`;
  if (before === undefined) {
    const made = opened(`The program of the ${queue} runs on its site.`);
    return [made, ...portOpened(queue, null, after?.publicPort)];
  }
  return [
    ...(isOtherProgram(before, after) ? [opened(`The ${queue} runs another program on its site.`)] : []),
    ...portOpened(queue, before.publicPort, after?.publicPort),
    ...(before.running && after?.running === false ? [destroyed(`The ${queue} was stopped.`)] : []),
  ];
}

function portOpened(queue: string, before: PublicPort | null, after: PublicPort | null | undefined) {
  if (after === undefined || after === null || JSON.stringify(before) === JSON.stringify(after)) return [];
  return [opened(`The network reaches the ${queue} by ${after.protocol} port ${after.port}.`)];
}

type Specs<T extends PartType> = readonly [PartSpec<T> | undefined, PartSpec<T> | undefined];

async function bothSpecs<T extends PartType>(
  sql: Sql,
  operation: ClaimedOperation,
  type: T,
): Promise<Specs<T>> {
  const versions = await bothVersions(sql, operation, readPartVersion);
  // The schema is that of the type; the compiler cannot tie the two together.
  const [before, after] = versions.map((version) => PART_SPECS[type].safeParse(version?.spec).data);
  return [before, after] as Specs<T>;
}

/** How many of it run, and when, lets nobody in. */
function isOtherProgram(before: Program, after: Program | undefined): boolean {
  const whatRuns = (of: Program | undefined) =>
    JSON.stringify([of?.command, of?.environment, of?.workingDirectory]);
  return whatRuns(before) !== whatRuns(after);
}

type Program = Pick<PartSpec<'queue' | 'cron'>, 'command' | 'environment' | 'workingDirectory'>;
