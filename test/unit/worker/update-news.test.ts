import type { UpdateReport } from '../../../contract/updates.ts';
import { sentencesOf } from '../../../worker-privileged/update-news.ts';

const REPORT: UpdateReport = {
  upTo: 1,
  packages: [{ name: 'nginx', from: '1.22.1-9', to: '1.22.1-9+deb12u1', whole: true }],
  ...{ more: 0, services: [], sites: 0, reboot: null },
};
const WELL = { asked: 3, silent: [], drifted: [] };

test.each<[string, Partial<UpdateReport>, Partial<typeof WELL>, string]>([
  [
    'nothing else',
    {},
    {},
    'Updated: nginx 1.22.1-9 to 1.22.1-9+deb12u1. The server need not be started anew. MariaDB answers and 3 of sites, databases and tenants were looked at: all is well.',
  ],
  [
    'what was started anew, and what has to be',
    { services: ['sculptor-api.service'], sites: 2, reboot: ['libc6'] },
    {},
    'Updated: nginx 1.22.1-9 to 1.22.1-9+deb12u1. Started anew: PHP of 2 sites, sculptor-api. The server has to be started anew for libc6. MariaDB answers and 3 of sites, databases and tenants were looked at: all is well.',
  ],
  [
    'who does not answer, and what has drifted',
    { packages: [{ name: 'php', from: null, to: '1', whole: false }] },
    { silent: ['a.example', 'b.example', 'c.example', 'd.example'], drifted: ['e.example'] } as never,
    'Updated: php 1. Left half-way: php; dpkg --configure --pending says why. The server need not be started anew. MariaDB answers and 3 of sites, databases and tenants were looked at: no answer from a.example, b.example, c.example and 1 more; not as asked for: e.example.',
  ],
])('tells of an update %s', (...[, report, checked, sentences]) => {
  expect(sentencesOf({ ...REPORT, ...report }, { ...WELL, ...checked })).toBe(sentences);
});

test('what came of it is told however many packages there were', () => {
  const packages = Array.from({ length: 200 }, (_, at) => ({
    ...{ name: `package-${at}`, from: '1.0', to: '1.1', whole: true },
  }));
  const said = sentencesOf({ ...REPORT, packages, more: 50, reboot: [] }, WELL);
  expect(said).toMatch(/^Updated: package-0 1\.0 to 1\.1, .* and 24\d more\. /);
  expect(said).toMatch(/The server has to be started anew\. MariaDB answers .*: all is well\.$/);
  expect(said.length).toBeLessThan(500);
});
