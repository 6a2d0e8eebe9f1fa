import makeRoomOnMariadb from '../machine/roomy.ts';
import { rootSql } from './mysql.ts';

// eslint-disable-next-line no-restricted-exports -- Jest calls what a file exports as its default.
export default function makeRoom(): void {
  makeRoomOnMariadb();
  for (const limit of ['destroy_per_hour', 'let_in_per_hour'])
    rootSql(`CALL sculptor_door.set_limit('${limit}', 100000)`);
}
