import { Option, type Command } from 'commander';
import { PhpLimits, SiteType } from '../../contract/domains.ts';
import { action, collect, defined, present } from '../action.ts';
import { Domain } from '../answers.ts';
import { understand } from '../client.ts';
import { UsageError } from '../errors.ts';
import { limitsOf, limitText } from '../limits.ts';
import { listAll, path, type OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';
import { perform } from '../write.ts';
import { addChecksCommand } from './domain-checks.ts';
import { OPTION_NAMES, optionFacts, typedOptions } from './domain-options.ts';
import { addRunCommands } from './run.ts';
import { addVisitorCommands } from './visitor.ts';

type Wanted = {
  readonly alias?: readonly string[];
  readonly type?: string;
  readonly php?: string;
  readonly phpLimit?: readonly string[];
  readonly publicDirectory?: string;
  readonly option?: readonly string[];
  readonly protect?: true;
  readonly defaults: boolean;
};
type Created = Wanted & {
  readonly isolation?: string;
  readonly disabled?: true;
  readonly start?: readonly string[];
};
type Updated = Wanted & { readonly aliases: boolean; readonly enable?: true; readonly disable?: true };

const LIMITS = PhpLimits.keyof().options;

/** `sculptorctl domain`: websites. */
export function addDomainCommands(program: Command, open: OpenSession): void {
  const domain = program.command('domain').description('Websites: a name, its folder, its PHP.');
  addCreate(domain, open);
  addReading(domain, open);
  addUpdate(domain, open);
  addRunCommands(domain, open);
  addVisitorCommands(domain, open);
  domain
    .command('delete')
    .description("Stop serving a website, lock its user, move its files to the server's trash.")
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [id]) => {
        await perform(session, { method: 'DELETE', path: path`/v1/domains/${id}`, noun: 'domain' });
      }),
    );
  domain
    .command('restore')
    .description('Bring a website back from the trash: its user, its files, its settings.')
    .argument('<domain>', 'its id; sculptorctl trash list shows it')
    .action(
      action(open, async (session, [id]) => {
        const reread = path`/v1/domains/${id}`;
        await perform(session, { method: 'POST', path: `${reread}/restore`, noun: 'domain', reread });
      }),
    );
  domain
    .command('move')
    .description('Give a website to another tenant, with its queues, crons, keys, cache and certificate.')
    .argument('<domain>', 'its id or its name')
    .argument('<tenant>', 'the id of the tenant that it belongs to afterwards')
    .action(
      action(open, async (session, [id, tenant]) => {
        const address = path`/v1/domains/${id}/move`;
        await perform(session, { method: 'POST', path: address, body: { tenant }, noun: 'domain' });
      }),
    );
}

function addCreate(domain: Command, open: OpenSession): void {
  const create = domain
    .command('create')
    .description('Make a website and wait until it answers.')
    .argument('<name>', 'the host name, such as shop.example');
  addWanted(create)
    .addOption(
      new Option('--isolation <kind>', 'site: a system user of its own; pool: the shared user www').choices([
        'site',
        'pool',
      ]),
    )
    .option('--disabled', 'make it, and answer with 503 until it is enabled')
    .option(
      '--start <word>',
      'a word of what the program of a node site is begun with; once for each',
      collect,
    )
    .action(
      action<Created>(open, async (session, [name], options) => {
        const { isolation, disabled, start } = options;
        const enabled = disabled ? false : undefined;
        const body = defined({ name, ...wanted(options), isolation, enabled, start });
        const reread = path`/v1/domains/${name}`;
        await perform(session, { method: 'POST', path: '/v1/domains', body, noun: 'domain', reread });
      }),
    );
}

function addUpdate(domain: Command, open: OpenSession): void {
  const update = domain
    .command('update')
    .description('Change a website. What is not named stays.')
    .argument('<domain>', 'its id or its name');
  addWanted(update)
    .addOption(new Option('--no-aliases', 'take all aliases away'))
    .addOption(new Option('--enable', 'serve it').conflicts('disable'))
    .addOption(new Option('--disable', 'answer with 503'))
    .action(
      action<Updated>(open, async (session, [id], options) => {
        const body = change(options);
        const address = path`/v1/domains/${id}`;
        await perform(session, { method: 'PATCH', path: address, body, noun: 'domain', reread: address });
      }),
    );
}

function addReading(domain: Command, open: OpenSession): void {
  domain
    .command('list')
    .description('All websites.')
    .option('--name <name>', 'only the one that has this name')
    .action(
      action<{ readonly name?: string }>(open, async (session, _, { name }) => {
        const query = name === undefined ? '' : `?${new URLSearchParams({ name }).toString()}`;
        const listed = await listAll(session, `/v1/domains${query}`);
        present(session, listed, () => {
          const rows = listed.items.map((item) => row(understand(Domain, item)));
          return table(['NAME', 'ID', 'TYPE', 'PHP', 'ENABLED', 'STATUS'], rows);
        });
      }),
    );
  domain
    .command('show')
    .description('One website.')
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/domains/${id}`);
        present(session, document, () => listing(facts(understand(Domain, document))));
      }),
    );
  addChecksCommand(domain, open);
}

function addWanted(command: Command): Command {
  return command
    .option('--alias <name>', 'a further name; may be given several times, and these are then all', collect)
    .addOption(new Option('--type <type>', 'what answers for it').choices(SiteType.options))
    .option('--no-defaults', 'without the programs that its type usually has')
    .option('--php <version>', "PHP's version, such as 8.2")
    .option(
      '--php-limit <name=number>',
      `what its PHP may take, such as seconds=60, or seconds=none; may be given several times: ${LIMITS.join(', ')}`,
      collect,
    )
    .option('--public-directory <folder>', 'the folder that is served, such as public/web')
    .option(
      '--option <name=value>',
      `how it is served, may be given several times: ${OPTION_NAMES}; lists are parted by commas, and none is nothing`,
      collect,
    )
    .option('--protect', 'let nobody remove it or switch it off, until root on the server unprotects it');
}

function wanted(given: Wanted): Record<string, unknown> {
  const { alias, type, php, phpLimit, publicDirectory, option, protect, defaults } = given;
  const options = typedOptions(option);
  const phpLimits = phpLimit && limitsOf(LIMITS, phpLimit);
  const createDefaults = defaults ? undefined : false;
  return {
    ...{ aliases: alias, type, phpVersion: php, phpLimits, publicDirectory, options, protected: protect },
    createDefaults,
  };
}

function change(options: Updated): Record<string, unknown> {
  if (!options.aliases && options.alias)
    throw new UsageError('--alias and --no-aliases cannot both be given');
  const aliases = options.aliases ? options.alias : [];
  const enabled = options.enable ?? (options.disable ? false : undefined);
  const body = defined({ ...wanted(options), aliases, enabled });
  if (Object.keys(body).length === 0) throw new UsageError('nothing to change was given; see --help');
  return body;
}

function row(domain: Domain): string[] {
  const { name, id, type, phpVersion, enabled, status } = domain;
  return [name, id, type, phpVersion ?? '-', enabled ? 'yes' : 'no', status];
}

function facts(domain: Domain): [string, string][] {
  return [
    ['name', domain.name],
    ['id', domain.id],
    ['aliases', domain.aliases.join(', ') || '-'],
    ['type', domain.type],
    ['php version', domain.phpVersion ?? '-'],
    ['public directory', domain.publicDirectory],
    ...optionFacts(domain.options),
    ...Object.entries(domain.phpLimits).map(([name, limit]): [string, string] => [
      `php ${name}`,
      limitText(limit),
    ]),
    ['isolation', domain.isolation],
    ['enabled', domain.enabled ? 'yes' : 'no'],
    ['protected', domain.protected ? 'yes' : 'no'],
    ['status', domain.status],
    ['generation', String(domain.generation)],
    ['created', domain.createdAt],
    ['updated', domain.updatedAt],
  ];
}
