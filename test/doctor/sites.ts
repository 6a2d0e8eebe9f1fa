import {
  accepted,
  createDatabase,
  createDomain,
  createUser,
  ready,
  succeeded,
  updateDomain,
} from '../machine/agent.ts';
import { page, rootSql } from '../machine/server.ts';

/** A site of each kind, and what belongs to them. */
export type Served = {
  readonly php: string;
  readonly pooled: string;
  readonly disabled: string;
  readonly ownBlock: string;
  readonly static: string;
  readonly removed: string;
};

export const NAMES: Served = {
  php: 'php.example',
  pooled: 'pooled.example',
  disabled: 'disabled.example',
  ownBlock: 'own-block.example',
  static: 'static.example',
  removed: 'removed.example',
};

/** The ids of the sites by what they are. */
export async function serve(): Promise<Served> {
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
    php: php.id,
    pooled: pooled.id,
    disabled: disabled.id,
    ownBlock: ownBlock.id,
    static: still.id,
    removed: removed.id,
  };
}

/** One of them with a tenant's own procedure, for which MariaDB gives its maker a right. */
async function databases(): Promise<void> {
  for (const name of ['my_shop', 'other']) await createDatabase(name);
  await createUser('my_shop', { name: 'my_shop' });
  await createUser('my_shop', { name: 'my_reader', privileges: 'read' });
  await createUser('other', { name: 'other' });
  rootSql("CREATE DEFINER = 'my_shop'@'localhost' PROCEDURE my_shop.one() SELECT 1;");
}
