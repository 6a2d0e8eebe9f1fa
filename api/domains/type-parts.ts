import { socketOfSite, type Domain } from '../../contract/domains.ts';
import { CronSpec } from '../../contract/crons.ts';
import { PartId, type OperationId } from '../../contract/ids.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { ProgramWords } from '../../contract/programs.ts';
import { QueueSettings, QueueSpec } from '../../contract/queues.ts';
import { PartName } from '../../contract/site-parts.ts';
import type { Scope } from '../../contract/tokens.ts';
import type { Sql } from '../../state/connection.ts';
import type { DomainVersion } from '../../state/domains.ts';
import { newId } from '../../state/new-ids.ts';
import { insertOperation } from '../../state/operations.ts';
import { holdPartName, insertPartVersion, isPartNameHeld } from '../../state/site-parts.ts';
import { ProblemError } from '../problems.ts';
import type { WriteContext } from '../write-context.ts';
import type { Written } from '../writer.ts';

interface TypePart {
  readonly type: 'queue' | 'cron';
  readonly name: PartName;
  readonly spec: QueueSpec | CronSpec;
}

const NAMES = {
  app: PartName.parse('app'),
  queue: PartName.parse('queue'),
  scheduler: PartName.parse('scheduler'),
};

/** Programs that wait for the files, which come after the domain: nothing fails while they are not there. */
const waitFor = (file: string, command: string): ProgramWords => [
  'sh',
  '-c',
  `[ -e ${file} ] || echo "waiting for ${file}"; until [ -e ${file} ]; do sleep 2; done; exec ${command}`,
];

/** The programs that a domain of a type usually has. They are its own like any other: to be changed, or deleted. */
export function partsOfType(
  domain: Pick<Domain, 'id' | 'type' | 'isolation'>,
  start?: ProgramWords,
): TypePart[] {
  // The sites of the shared user have no programs.
  if (domain.isolation === 'pool') return [];
  if (domain.type === 'node') return [app(domain, start)];
  return domain.type === 'laravel' ? LARAVEL : [];
}

function app({ id }: Pick<Domain, 'id'>, start: ProgramWords | undefined): TypePart {
  const socket = socketOfSite(id);
  const settings = QueueSettings.parse({
    command: start ?? waitFor('server.js', 'node server.js'),
    workingDirectory: 'private',
    environment: { NODE_ENV: 'production', PORT: socket, SOCKET: socket },
  });
  return { type: 'queue', name: NAMES.app, spec: QueueSpec.parse({ ...settings, running: true }) };
}

const LARAVEL: TypePart[] = [
  {
    type: 'queue',
    name: NAMES.queue,
    spec: QueueSpec.parse({
      ...QueueSettings.parse({
        command: waitFor('artisan', 'php artisan queue:work'),
        workingDirectory: 'public',
        stopSeconds: 30,
      }),
      running: true,
    }),
  },
  {
    type: 'cron',
    name: NAMES.scheduler,
    spec: CronSpec.parse({
      schedule: '* * * * *',
      command: ['sh', '-c', '[ ! -e artisan ] || exec php artisan schedule:run'],
      workingDirectory: 'public',
    }),
  },
];

const SCOPES: Readonly<Record<TypePart['type'], Scope>> = { queue: 'queues:write', cron: 'crons:write' };
const KINDS: Readonly<Record<TypePart['type'], OperationKind>> = {
  queue: 'queue.create',
  cron: 'cron.create',
};

interface WithVersion {
  readonly written: Written;
  readonly version: DomainVersion;
  readonly start?: ProgramWords | undefined;
}

/** Writes those that are not there yet, and their operations, which come after the domain's own. */
export async function withTypeParts(
  sql: Sql,
  context: WriteContext,
  { written, version: domain, start }: WithVersion,
): Promise<Written> {
  const begun: OperationId[] = [];
  for (const part of partsOfType(domain, start)) {
    const { type, name, spec } = part;
    if (await isPartNameHeld(sql, { domain: domain.id, type, name })) continue;
    requireScope(context, type);
    const id = PartId.parse(newId(12));
    const { tenant, server } = domain;
    const version = { id, type, domain: domain.id, tenant, server, name, generation: 1, spec };
    if ((await holdPartName(sql, version)) !== undefined) throw new Error('a name is held that was free');
    await insertPartVersion(sql, version, false);
    begun.push(
      await insertOperation(sql, {
        ...{ kind: KINDS[type], resource: { id, name }, serialKey: `domain:${domain.id}`, generation: 1 },
        ...{ tenant, server, actor: context.caller.tokenId },
      }),
    );
  }
  return { ...written, others: begun };
}

/** Whoever may make no programs makes none by the type of a domain either. */
function requireScope({ caller }: WriteContext, type: TypePart['type']): void {
  const scope = SCOPES[type];
  if (caller.scopes.includes(scope)) return;
  throw new ProblemError(
    'forbidden',
    `A domain of this type comes with a ${type}, for which the token needs ${scope}. Ask with createDefaults false.`,
  );
}
