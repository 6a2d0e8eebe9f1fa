import { DomainId } from '../contract/ids.ts';
import type { Generation } from '../contract/ids.ts';
import type { NotificationKind } from '../contract/notifications.ts';
import type { OperationKind } from '../contract/operations.ts';
import { PART_SPECS } from '../contract/site-parts.ts';
import type { Sql } from './connection.ts';
import { findDomainVersion, findLastGoodVersion } from './domains.ts';
import type { DomainVersion } from './domains.ts';
import { lastSuccess } from './open-operations.ts';
import type { ClaimedOperation } from './open-operations.ts';
import { readPartVersion } from './site-parts.ts';

export interface News {
  readonly kind: NotificationKind;
  readonly message: string;
}

/**
 * What is told of an operation that ends well though nobody asks: what destroys and what lets in, because that is what
 * somebody with a stolen token would do. To be asked before its end is written: of an update it is what differs from
 * what stood until then.
 */
export async function whatToTell(sql: Sql, operation: ClaimedOperation): Promise<News | undefined> {
  return TELL[operation.kind]?.(operation, sql);
}

type Tell = (operation: ClaimedOperation, sql: Sql) => News | undefined | Promise<News | undefined>;

const TELL: { readonly [K in OperationKind]?: Tell } = {
  'domain.update': changed,
  'domain.delete': removed('The site'),
  'database.delete': removed('The database'),
  'databaseUser.delete': removed('The database user'),
  'tenant.suspend': ({ resourceName }) => ({
    kind: 'destroyed',
    message: `The tenant ${resourceName} was suspended.`,
  }),
  'tenant.update': letIn((name) => `What the tenant ${name} may have was changed.`),
  'tenant.delete': removed('The tenant'),
  'databaseUser.create': letIn((name) => `The database user ${name} was made and can log in.`),
  'key.create': letIn((name) => `Whoever has the key ${name} can put files on its site.`),
  'cache.create': letIn(() => 'A site has a cache, and whoever has its password on the server can use it.'),
  'cache.rotate': letIn(() => 'The cache of a site has another password.'),
  'cron.create': letIn((name) => `The cron ${name} was made: a program that runs as its site.`),
  'cron.update': anotherProgram('cron'),
  'cron.run': anotherProgram('cron'),
  'run.create': letIn((name) => `A command was run as its site; it is the run ${name}.`),
  'queue.create': letIn((name) => `The program of the queue ${name} runs on its site.`),
  'queue.update': anotherProgram('queue'),
  'queue.start': anotherProgram('queue'),
  'queue.stop': anotherProgram('queue'),
  'queue.restart': anotherProgram('queue'),
  'databaseUser.rotate': letIn((name) => `The database user ${name} has another password.`),
};

function removed(what: string): Tell {
  return ({ resourceName, before }) => {
    // What never came about, or lay in the trash already, was not there to be removed.
    if (before !== 'live' && before !== 'failed') return undefined;
    return { kind: 'destroyed', message: `${what} ${resourceName} was removed.` };
  };
}

function letIn(sentence: (name: string) => string): Tell {
  return ({ resourceName }) => ({ kind: 'let_in', message: sentence(resourceName) });
}

async function changed(
  { resourceId, resourceName, generation }: ClaimedOperation,
  sql: Sql,
): Promise<News | undefined> {
  const id = DomainId.parse(resourceId);
  const before = await findLastGoodVersion(sql, id);
  const after = await findDomainVersion(sql, id, generation);
  if (before === undefined || after === undefined) return undefined;
  const losses = lossesOf(before, after);
  if (losses.length === 0) return undefined;
  return { kind: 'destroyed', message: `The site ${resourceName} ${losses.join(', and ')}.` };
}

/**
 * How many of it run, and when, lets nobody in. To be told of whatever ends well: a newer operation may have taken the
 * place of the one that brought another program.
 */
function anotherProgram(type: 'queue' | 'cron'): Tell {
  return async ({ resourceId, resourceName, generation }, sql) => {
    const whatRuns = async (of: Generation | undefined) => {
      const version = of === undefined ? undefined : await readPartVersion(sql, resourceId, of);
      const spec = PART_SPECS[type].safeParse(version?.spec).data;
      return JSON.stringify([spec?.command, spec?.environment, spec?.workingDirectory]);
    };
    const before = await lastSuccess(sql, { type, id: resourceId });
    if ((await whatRuns(generation)) === (await whatRuns(before?.generation))) return undefined;
    return { kind: 'let_in', message: `The ${type} ${resourceName} runs another program on its site.` };
  };
}

function lossesOf(before: DomainVersion, after: DomainVersion): string[] {
  const lost = before.aliases.filter((name) => !after.aliases.includes(name));
  return [
    ...(before.enabled && !after.enabled ? ['was switched off'] : []),
    ...(lost.length > 0 ? [`answers no more as ${lost.join(' ')}`] : []),
    ...(before.type === after.type ? [] : [`is ${after.type} and was ${before.type}`]),
    ...(before.publicDirectory === after.publicDirectory
      ? []
      : [`serves ${after.publicDirectory} and not ${before.publicDirectory}`]),
  ];
}
