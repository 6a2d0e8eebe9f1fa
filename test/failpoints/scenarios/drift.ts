import { chmodSync } from 'node:fs';
import type { Preparing, Request, Scenario } from '../scenario.ts';
import { database } from './databases.ts';
import { site } from './domains.ts';
import { tenant } from './tenants.ts';

type Make = (it: Preparing) => Promise<string>;

/** Looked at already: it would be by itself, sooner or later, because it is new. */
const known =
  (make: Make): Make =>
  async (it) => {
    const path = await make(it);
    await it.done({ method: 'POST', path: `${path}/drift` });
    return path;
  };

/** A site with a file that somebody has changed by hand. */
async function changed(it: Preparing): Promise<string> {
  const path = await known(site)(it);
  chmodSync(`/etc/sculptor/sites/${path.slice(path.lastIndexOf('/') + 1)}/site`, 0o600);
  return path;
}

const asked =
  (make: Make, word: string) =>
  async (it: Preparing): Promise<Request> => ({ method: 'POST', path: `${await make(it)}/${word}` });

export const OF_DRIFT: readonly Scenario[] = [
  { kind: 'domain.drift', prepare: asked(changed, 'drift') },
  { kind: 'domain.repair', prepare: asked(changed, 'drift/repair') },
  { kind: 'database.drift', prepare: asked(known(database), 'drift') },
  { kind: 'database.repair', prepare: asked(known(database), 'drift/repair') },
  { kind: 'tenant.drift', prepare: asked(known(tenant), 'drift') },
  { kind: 'tenant.repair', prepare: asked(known(tenant), 'drift/repair') },
];
