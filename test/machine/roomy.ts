import { writeFileSync } from 'node:fs';
import { rootSql } from './server.ts';

/** A suite removes and lets in more in a minute than a server may in an hour; what is about the caps sets its own. */
// eslint-disable-next-line no-restricted-exports -- Jest calls what a file exports as its default.
export default function makeRoom(): void {
  const orders = { ordersPerHour: 100000, tenantOrdersPerHour: 100000, siteOrdersPerHour: 100000 };
  const repairs = {
    repairsPerHour: 100000,
    siteRepairsPerHour: 100000,
    upgradesPerHour: 100000,
    bansPerHour: 100000,
  };
  const limits = { destroyPerHour: 100000, letInPerHour: 100000, ...repairs, ...orders };
  writeFileSync('/etc/sculptor/limits.json', `${JSON.stringify(limits)}\n`);
  for (const limit of ['destroy_per_hour', 'let_in_per_hour'])
    rootSql(`CALL sculptor_door.set_limit('${limit}', 100000)`);
}
