import { writeFileSync } from 'node:fs';
import { rootsOfAuthority, startAuthority } from '../../machine/authority.ts';

/* An authority in a process of its own: authority.ts NAME FILE-FOR-ITS-ROOTS. It is there when the file is. */

const [name = '', roots = ''] = process.argv.slice(2);

void startAuthority().then(({ lead, stop }) => {
  lead(name);
  writeFileSync(roots, rootsOfAuthority());
  process.on('SIGTERM', () => {
    stop();
    process.exit();
  });
});
