import { strangersInGroups } from '../../../worker-privileged/executor/doctor/groups.ts';
import { mastersAndWorkers, meaning } from '../../../worker-privileged/executor/doctor/nginx.ts';
import { parseSysusers } from '../../../worker-privileged/executor/doctor/own-users.ts';
import { ownerOf, parsePeople } from '../../../worker-privileged/executor/doctor/people.ts';
import { pools } from '../../../worker-privileged/executor/doctor/php.ts';
import type { Process } from '../../../worker-privileged/executor/doctor/process-list.ts';
import { strangers } from '../../../worker-privileged/executor/doctor/processes.ts';
import { twice } from '../../../worker-privileged/executor/doctor/records.ts';
import { doubles, ownUser, sitesUsers } from '../../../worker-privileged/executor/doctor/users.ts';
import { SiteEntry } from '../../../worker-privileged/executor/system/registry.ts';

const SYSUSERS = `# comment
g sculptor-queue - -
u nginx - "nginx of the agent" /nonexistent /usr/sbin/nologin
u sculptor - "worker" /var/lib/sculptor /usr/sbin/nologin
`;
const PASSWD = `root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nginx:x:996:996::/nonexistent:/usr/sbin/nologin
sculptor:x:994:994::/var/lib/sculptor:/usr/sbin/nologin
redis:x:102:103::/var/lib/redis:/usr/sbin/nologin
s-aaaaaaaaaaaa:x:66000:66000:Sculptor site:/home/www/a.example:/usr/sbin/nologin
`;
const GROUP = `root:x:0:
sudo:x:27:admin
www-data:x:33:
nginx:x:996:
sculptor:x:994:
sculptor-queue:x:997:
s-aaaaaaaaaaaa:x:66000:
`;
const SHADOW =
  'root:$y$x:1::::::\nwww-data:*:1::::::\nnginx:!*:1::::::\nsculptor:!*:1::::::\ns-aaaaaaaaaaaa:!*:1::::::\n';
const OWN = parseSysusers(SYSUSERS);

const SITE = SiteEntry.parse({
  id: 'aaaaaaaaaaaa',
  kind: 'site',
  uid: 66_000,
  gid: 66_000,
  user: 's-aaaaaaaaaaaa',
  name: 'a.example',
  isolation: 'site',
  since: '2026-01-01T00:00:00.000Z',
  removedAt: null,
  generation: 1,
  names: ['a.example'],
  home: true,
  php: null,
  settings: { type: 'php', publicDirectory: 'public', enabled: true },
});

type Files = Partial<Record<'passwd' | 'group' | 'shadow' | 'gshadow', string>>;

function found(change: Files = {}, entries: readonly SiteEntry[] = [SITE]): readonly string[] {
  const people = parsePeople({ passwd: PASSWD, group: GROUP, shadow: SHADOW, ...change });
  return [
    ...doubles(people),
    ...OWN.users.flatMap((user) => ownUser(people, user)),
    ...strangersInGroups(people, OWN),
    ...sitesUsers(people, entries),
  ].map(({ sentence }) => sentence);
}

test("our own users are those of sysusers.d, and the API's", () => {
  expect(OWN).toEqual({
    users: [
      { name: 'www-data', home: null, shell: null },
      { name: 'nginx', home: '/nonexistent', shell: '/usr/sbin/nologin' },
      { name: 'sculptor', home: '/var/lib/sculptor', shell: '/usr/sbin/nologin' },
    ],
    groups: ['www-data', 'nginx', 'sculptor', 'sculptor-queue'],
  });
});

test('accounts as they should be are', () => expect(found()).toEqual([]));

test.each<[string, Files]>([
  ['The user nginx is not there.', { passwd: PASSWD.replace(/^nginx.*\n/m, '') }],
  [
    'The user sculptor has the shell /bin/sh and should have none.',
    {
      passwd: PASSWD.replace(/(sculptor:\/).*$/m, '$1').replace(
        '/var/lib/sculptor:/',
        '/var/lib/sculptor:/bin/sh',
      ),
    },
  ],
  [
    'The home of sculptor is /tmp and should be /var/lib/sculptor.',
    { passwd: PASSWD.replace('/var/lib/sculptor:', '/tmp:') },
  ],
  [
    'The user www-data has a password and should have none.',
    { shadow: SHADOW.replace('www-data:*', 'www-data:$y$x') },
  ],
  [
    'The user s-aaaaaaaaaaaa has a password and should have none.',
    { shadow: SHADOW.replace('aaa:!*', 'aaa:') },
  ],
  [
    'The users www-data and bad have one number, 33: to the system they are one.',
    { passwd: `${PASSWD}bad:x:33:1::/:/bin/false\n` },
  ],
  [
    'The groups nginx and bad have one number, 996: to the system they are one.',
    { group: `${GROUP}bad:x:996:\n` },
  ],
  [
    'redis is in the group nginx, which lets it reach what is not its own.',
    { group: GROUP.replace('nginx:x:996:', 'nginx:x:996:redis') },
  ],
  [
    's-aaaaaaaaaaaa is in the group sudo, which lets it reach what is not its own.',
    { group: GROUP.replace('admin', 'admin,s-aaaaaaaaaaaa') },
  ],
  [
    'admin is in the group s-aaaaaaaaaaaa, which lets it reach what is not its own.',
    { group: GROUP.replace('66000:', '66000:admin') },
  ],
  [
    'redis has nginx for its own group, which lets it reach what is not its own.',
    { passwd: PASSWD.replace('102:103', '102:996') },
  ],
  ['The group nginx has a password: whoever knows it is in the group.', { gshadow: 'nginx:$y$x::\n' }],
  ['The group sculptor-queue is not there.', { group: GROUP.replace(/^sculptor-queue.*\n/m, '') }],
  [
    'The user s-bbbbbbbbbbbb belongs to no site that is here.',
    { passwd: `${PASSWD}s-bbbbbbbbbbbb:x:66001:66001::/:/bin/false\n` },
  ],
  [
    'The user s-aaaaaaaaaaaa has the numbers 66007:66000 and should have 66000:66000.',
    { passwd: PASSWD.replace('66000:66000', '66007:66000') },
  ],
  [
    'The home of s-aaaaaaaaaaaa is /root and should be /home/www/a.example.',
    { passwd: PASSWD.replace('/home/www/a.example', '/root') },
  ],
  [
    'The user s-aaaaaaaaaaaa of the site a.example is not there.',
    { passwd: PASSWD.replace(/^s-a.*\n/m, '') },
  ],
])('%s', (sentence, change) => expect(found(change)).toContain(sentence));

test('the account of a removed site is locked, and of a purged one is none', () => {
  const removed = { ...SITE, removedAt: '2026-01-02T00:00:00.000Z' };
  const purged = { ...removed, purgingAt: '2026-01-05T00:00:00.000Z', purgedAt: '2026-01-05T00:00:00.000Z' };
  expect(found({}, [removed])).toEqual(['The user s-aaaaaaaaaaaa of a site in the trash is not locked.']);
  expect(found({ shadow: SHADOW.replace(/^(s-a.*):1::::::$/m, '$1:1:::::1:') }, [removed])).toEqual([]);
  expect(found({}, [purged])).toEqual(['The user s-aaaaaaaaaaaa belongs to no site that is here.']);
});

test('two sites with one number, or one name, are named', () => {
  const other = SiteEntry.parse({ ...SITE, id: 'bbbbbbbbbbbb', user: 's-bbbbbbbbbbbb' });
  expect(twice([SITE, other]).map(({ sentence }) => sentence)).toEqual([
    'The sites aaaaaaaaaaaa and bbbbbbbbbbbb have one user number, 66000.',
    'The sites aaaaaaaaaaaa and bbbbbbbbbbbb both hold the name a.example.',
  ]);
  expect(twice([SITE])).toEqual([]);
});

test('an owner is told by name, where there is one', () => {
  const people = parsePeople({ passwd: PASSWD, group: GROUP });
  expect(ownerOf(people, { uid: 994, gid: 12_345 })).toBe('sculptor:12345');
});

describe('a process', () => {
  const NODE = '/usr/lib/sculptor/node/bin/node';
  const API: Process = {
    pid: 7,
    uids: [33],
    gids: [33, 997],
    program: NODE,
    command: `${NODE} /usr/lib/sculptor/app/api/main.js`,
    unit: 'sculptor-api.service',
    noNewPrivileges: true,
  };
  const people = parsePeople({ passwd: PASSWD, group: GROUP });
  const said = (process: Process, entries: readonly SiteEntry[] = [SITE]) =>
    strangers({ processes: [process], people, entries, bySystemd: true, node: NODE }).map(
      ({ sentence }) => sentence,
    );
  const site = { ...API, uids: [66_000], gids: [66_000], program: '/usr/bin/php', command: 'php', unit: '' };

  test('of ours, of nginx, of Redis and of a site is at its place', () => {
    expect(said(API)).toEqual([]);
    expect(
      said({
        ...API,
        uids: [996],
        gids: [996],
        program: '/usr/sbin/nginx',
        command: 'nginx: worker process',
      }),
    ).toEqual([]);
    expect(said({ ...API, uids: [102], gids: [997, 103], program: '/usr/bin/redis-check-rdb' })).toEqual([]);
    expect(said(site)).toEqual([]);
  });

  test('that should run is missed where no systemd says so itself, cron among them', () => {
    const missed = (processes: readonly Process[]) =>
      strangers({ processes, people, entries: [], bySystemd: false, node: NODE }).map(
        ({ sentence }) => sentence,
      );
    const cron = { ...site, uids: [0], gids: [0], program: '/usr/sbin/cron', command: '/usr/sbin/cron -f' };
    expect(missed([API])).toContain('/usr/sbin/cron does not run: no cron of a site starts.');
    expect(missed([API, cron])).toEqual(
      ['worker-unprivileged', 'mailer', 'worker-privileged'].map(
        (code) => `/usr/lib/sculptor/app/${code}/main.js does not run.`,
      ),
    );
  });

  test.each<[string, Process]>([
    ['says that it is ours and is another program', { ...API, program: '/usr/bin/perl' }],
    ['says that it is ours and was started by somebody', { ...API, unit: 'cron.service' }],
    ['runs other code as www-data', { ...API, command: `${NODE} /tmp/main.js` }],
    ['has www-data only for its files', { ...API, uids: [1000, 33], unit: '' }],
  ])('that %s is none of ours', (_, process) => {
    expect(said(process)).toEqual([
      expect.stringMatching(/^Process 7 \(.*\) runs as www-data, and is not the agent's\.$/),
    ]);
  });

  test.each([
    { unit: 'sculptor-certbot@a1b2c3d4e5f6.service', program: '/usr/bin/perl', bySystemd: true, named: 0 },
    { unit: 'cron.service', program: '/usr/bin/python3.11', bySystemd: true, named: 1 },
    { unit: '', program: '/usr/bin/python3.11', bySystemd: false, named: 0 },
    { unit: '', program: '/usr/bin/perl', bySystemd: false, named: 1 },
  ])('of certbot’s user is at its place, or named: %j', ({ unit, program, bySystemd, named }) => {
    const passwd = `${PASSWD}sculptor-acme:x:981:981::/nonexistent:/usr/sbin/nologin\n`;
    const certbot = { ...API, uids: [981], gids: [981], program, command: 'certbot', unit };
    const all = {
      processes: [certbot],
      people: parsePeople({ passwd, group: GROUP }),
      entries: [],
      node: NODE,
    };
    const found = strangers({ ...all, bySystemd }).filter(({ sentence }) =>
      sentence.endsWith("(certbot) runs as sculptor-acme, and is not the agent's."),
    );
    expect(found).toHaveLength(named);
  });

  test.each<[string, Process, RegExp]>([
    ['nginx', { ...API, uids: [0], gids: [0, 996] }, /runs in the group nginx, and is not nginx\.$/],
    ['the queue', { ...API, uids: [1000] }, /runs in the group sculptor-queue, and is not the agent's\.$/],
  ])('in the group of %s is named', (_, process, sentence) => {
    expect(said(process)).toEqual([expect.stringMatching(sentence)]);
  });

  test('of a site that was removed, or never was, is named', () => {
    expect(said(site, [{ ...SITE, removedAt: '2026-01-02T00:00:00.000Z' }])).toEqual([
      'Process 7 (php) runs as s-aaaaaaaaaaaa, whose site a.example was removed.',
    ]);
    expect(said({ ...site, uids: [70_000], gids: [70_000] })).toEqual([
      'Process 7 (php) runs as user 70000, who is no site here.',
    ]);
  });

  test('whose program was replaced is named, and still ours', () => {
    expect(said({ ...API, program: `${NODE} (deleted)` })).toEqual([
      expect.stringMatching(/runs a program that is no more, or was replaced\.$/),
    ]);
  });

  const FPM = {
    ...API,
    uids: [66_000],
    program: '/usr/sbin/php-fpm8.2',
    command: 'php-fpm',
    unit: 'sculptor-php@aaaaaaaaaaaa.service',
  };
  const nameOf = (uid: number) => (uid === 33 ? 'www-data' : String(uid));

  test.each<[string, Process, number]>([
    ["a site's own", FPM, 0],
    ['one as www-data', { ...FPM, uids: [33] }, 1],
    ['a master of root with it', { ...FPM, uids: [0] }, 1],
    ['another program', { ...FPM, uids: [33], program: '/usr/bin/php8.2' }, 0],
  ])('of php-fpm, %s, is found %#', (_, process, wrong) => {
    expect(pools([process], { entries: [SITE], nameOf })).toHaveLength(wrong);
  });

  const MASTER = {
    ...API,
    uids: [0],
    program: '/usr/sbin/nginx',
    command: 'nginx: master process /usr/sbin/nginx -c /etc/nginx/sculptor/nginx.conf',
  };
  const WORKER = { ...MASTER, uids: [996], command: 'nginx: worker process' };

  test.each<[string, readonly Process[], number]>([
    ['as they should be', [MASTER, WORKER], 0],
    ['that do not run', [API], 1],
    [
      "with the distribution's configuration",
      [{ ...MASTER, command: 'nginx: master process /usr/sbin/nginx' }, WORKER],
      1,
    ],
    ['with workers of www-data', [MASTER, { ...WORKER, uids: [33] }], 1],
    ['with workers of root', [MASTER, { ...WORKER, uids: [0] }], 1],
  ])('of nginx, %s, are found', (_, processes, wrong) => {
    expect(mastersAndWorkers(processes, 996)).toHaveLength(wrong);
  });
});

test.each([
  ['user nginx;\n', '  disable_symlinks if_not_owner from=$sculptor_site/home;\n', 0],
  ['user www-data;\n', '  disable_symlinks if_not_owner from=$sculptor_site/home;\n', 1],
  ['', '  disable_symlinks if_not_owner from=$sculptor_site/home;\n', 1],
  ['user nginx;\n', '  # disable_symlinks if_not_owner from=$sculptor_site/home;\n', 1],
  ['user nginx;\n', '  disable_symlinks off;\n', 1],
])('nginx with %j and %j is found to be wrong %d times', (conf, serve, wrong) => {
  expect(meaning(conf, serve)).toHaveLength(wrong);
});
