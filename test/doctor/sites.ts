import {
  accepted,
  createDatabase,
  createDomain,
  createUser,
  ready,
  succeeded,
  updateDomain,
} from '../machine/agent.ts';
import { must, page, rootSql } from '../machine/server.ts';

/** A site of each kind, and what belongs to them. */
export type Served = {
  readonly php: string;
  readonly pooled: string;
  readonly disabled: string;
  readonly ownBlock: string;
  readonly static: string;
  readonly removed: string;
};

/** The ids of the sites by what they are, and of what else there is. */
export type Ids = Served & {
  /** A tenant with a plan, and its site. */
  readonly tenant: string;
  readonly planned: string;
  /** On the site `php`, which has a cache too. */
  readonly queue: string;
  readonly cron: string;
};

export const NAMES: Served = {
  php: 'php.example',
  pooled: 'pooled.example',
  disabled: 'disabled.example',
  ownBlock: 'own-block.example',
  static: 'static.example',
  removed: 'removed.example',
};

export async function serve(): Promise<Ids> {
  await ready();
  const php = await createDomain({ name: NAMES.php, aliases: [`www.${NAMES.php}`] });
  const pooled = await createDomain({ name: NAMES.pooled, isolation: 'pool' });
  const disabled = await createDomain({ name: NAMES.disabled });
  await updateDomain(NAMES.disabled, { enabled: false });
  const ownBlock = await createDomain({
    name: NAMES.ownBlock,
    publicDirectory: 'public/web',
    aliases: ['a.own-block.example'],
  });
  const still = await createDomain({ name: NAMES.static, type: 'static' });
  const removed = await createDomain({ name: NAMES.removed });
  await succeeded(await accepted('DELETE', `/v1/domains/${NAMES.removed}`));
  // Its master runs from here on.
  await page(NAMES.php);
  await page(NAMES.pooled);
  await databases();
  return {
    ...(await parts()),
    ...(await plan()),
    php: php.id,
    pooled: pooled.id,
    disabled: disabled.id,
    ownBlock: ownBlock.id,
    static: still.id,
    removed: removed.id,
  };
}

async function parts(): Promise<Pick<Ids, 'queue' | 'cron'>> {
  const made = async (type: 'queue' | 'cron', body: object) => {
    const answer = await accepted('POST', `/v1/domains/${NAMES.php}/${type}s`, { body });
    await succeeded(answer);
    return (answer.json[type] as { id: string }).id;
  };
  await succeeded(await accepted('POST', `/v1/domains/${NAMES.php}/cache`, { body: {} }));
  const command = ['sleep', '100000'];
  return {
    queue: await made('queue', { name: 'sleeping', command }),
    cron: await made('cron', { name: 'yearly', schedule: '@yearly', command }),
  };
}

async function plan(): Promise<Pick<Ids, 'tenant' | 'planned'>> {
  const body = { name: 'planned', plan: { phpMemoryBytes: 134_217_728, phpProcesses: 30, databases: 2 } };
  const made = await accepted('POST', '/v1/tenants', { body });
  await succeeded(made);
  const { id } = made.json['tenant'] as { id: string };
  must('sculptorctl', ['--tenant', id, 'domain', 'create', 'planned.example', '--type', 'static']);
  const shown = must('sculptorctl', ['--tenant', id, '--json', 'domain', 'show', 'planned.example']);
  return { tenant: id, planned: (JSON.parse(shown) as { id: string }).id };
}

/** One of them with a tenant's own procedure, for which MariaDB gives its maker a right. */
async function databases(): Promise<void> {
  for (const name of ['my_shop', 'other']) await createDatabase(name);
  await createUser('my_shop', { name: 'my_shop' });
  await createUser('my_shop', { name: 'my_reader', privileges: 'read' });
  await createUser('other', { name: 'other' });
  rootSql("CREATE DEFINER = 'my_shop'@'localhost' PROCEDURE my_shop.one() SELECT 1;");
}
