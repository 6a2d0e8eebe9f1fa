import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { Sabotage } from './sabotage.ts';
import { append, chmod, commands, link, sql, start, write, type Undo } from './spoil.ts';

const CHALLENGES = '/var/lib/sculptor-acme/webroot/.well-known/acme-challenge';
const MAIL = '/var/lib/sculptor-mail/sites';
const CACHE = '/etc/sculptor/cache';
const recordOf = (tenant: string) => `/var/lib/sculptor-root/tenants/${tenant}.json`;

function away(path: string): Undo {
  return commands([['mv', path, '/run/away']], [['mv', '/run/away', path]]);
}

/** With that text, whether or not there was such a file. */
function forEverybody(path: string, text: string): Undo {
  const undo = write(path, () => text);
  chmodSync(path, 0o644);
  return undo;
}

/** What belongs to sites and tenants: programs, shares, caches, ways for mail. */
export const PARTS: readonly Sabotage[] = [
  {
    name: 'a cron that says something else',
    spoil: ({ cron }) => append(`/etc/cron.d/sculptor-${cron}`, '@reboot root /bin/true'),
    check: 'programs',
    sentence:
      /^\/etc\/cron\.d\/sculptor-\w+ of the cron yearly of php\.example is not as the agent wrote it\.$/,
  },
  {
    name: 'a cron that is not there',
    spoil: ({ cron }) => away(`/etc/cron.d/sculptor-${cron}`),
    check: 'programs',
    sentence: /^\/etc\/cron\.d\/sculptor-\w+ of the cron yearly of php\.example is not there\.$/,
  },
  {
    name: 'a cron that nobody registered',
    spoil: () => write('/etc/cron.d/sculptor-x1x1x1x1x1x1', () => '# nothing\n'),
    check: 'programs',
    sentence: /^\/etc\/cron\.d\/sculptor-x1x1x1x1x1x1 is no cron that is registered\.$/,
  },
  {
    name: 'a cron that starts something else',
    spoil: ({ cron }) => append(`/etc/sculptor/programs/${cron}`, 'more\0'),
    check: 'programs',
    sentence:
      /^\/etc\/sculptor\/programs\/\w+ of the cron yearly of php\.example is not as the agent wrote it\.$/,
  },
  {
    name: 'a queue of which Supervisor is told something else',
    spoil: ({ queue }) =>
      write(`/etc/sculptor/supervised/sculptor-part-${queue}.conf`, (text) =>
        text.replace('startretries=5', 'startretries=6'),
      ),
    check: 'programs',
    sentence:
      /^\/etc\/sculptor\/supervised\/sculptor-part-\w+\.conf of the queue sleeping of php\.example is not as the agent wrote it\.$/,
  },
  {
    name: 'a queue that starts something else',
    spoil: ({ queue }) => append(`/etc/sculptor/programs/${queue}`, 'more\0'),
    check: 'programs',
    sentence:
      /^\/etc\/sculptor\/programs\/\w+ of the queue sleeping of php\.example is not as the agent wrote it\.$/,
  },
  {
    name: 'a part of a site of which nothing can be read',
    spoil: ({ php, cron }) => write(`/var/lib/sculptor-root/parts/${php}/${cron}.json`, () => '{}\n'),
    check: 'records',
    sentence: /^\/var\/lib\/sculptor-root\/parts\/\w+\/\w+\.json holds no entry of a site's part\.$/,
  },
  {
    name: "a tenant's record that holds nothing",
    spoil: ({ tenant }) => write(recordOf(tenant), () => '{}\n'),
    check: 'tenants',
    sentence: /^\/var\/lib\/sculptor-root\/tenants\/\w+\.json holds no entry of a tenant\.$/,
  },
  {
    name: "a tenant's record that is not there",
    spoil: ({ tenant }) => away(recordOf(tenant)),
    check: 'tenants',
    sentence: /^planned\.example belongs to \w+, who is no tenant that is here\.$/,
  },
  {
    name: 'a tenant that is suspended, and its site is not',
    spoil: ({ tenant }) =>
      write(recordOf(tenant), (text) =>
        text.replace('"suspendedAt":null', '"suspendedAt":"2026-01-01T00:00:00.000Z"'),
      ),
    check: 'tenants',
    sentence: /^planned\.example is not suspended, and its tenant is\.$/,
  },
  {
    name: 'a database server that goes by another plan',
    spoil: ({ tenant }) =>
      sql(
        `UPDATE sculptor_door.managed_tenant SET most_databases = 99 WHERE id = '${tenant}'`,
        `UPDATE sculptor_door.managed_tenant SET most_databases = 2 WHERE id = '${tenant}'`,
      ),
    check: 'tenants',
    sentence: /^MariaDB goes by other limits for the tenant \w+ than its plan has\.$/,
  },
  {
    name: 'more memory for a site than its plan has',
    spoil: ({ planned }) => setMemory(planned, '1G', '134217728'),
    check: 'shares',
    sentence:
      /^sculptor-\w+\.slice of planned\.example has MemoryMax=1073741824 and should have MemoryMax=134217728\.$/,
  },
  {
    name: 'no bound for the memory of a site without a plan, until the next start',
    spoil: ({ php }) =>
      commands(
        [['systemctl', 'set-property', '--runtime', `sculptor-${php}.slice`, 'MemoryMax=infinity']],
        [['systemctl', 'revert', `sculptor-${php}.slice`]],
      ),
    check: 'shares',
    sentence:
      /^sculptor-\w+\.slice of php\.example has MemoryMax=infinity and should have MemoryMax=1073741824\.$/,
  },
  {
    name: "the caches' socket closed to sites",
    spoil: () => chmod('/run/sculptor-cache/redis.sock', 0o600),
    check: 'caches',
    sentence: /redis\.sock is sculptor-cache:sculptor-cache 600 and should be /,
  },
  {
    name: 'an account more for the caches',
    spoil: () => append(`${CACHE}/accounts.acl`, 'user mallory on nopass ~* +@all'),
    check: 'caches',
    sentence: /^\/etc\/sculptor\/cache\/accounts\.acl is not as the agent wrote it\.$/,
  },
  {
    name: 'more room for the caches than they have together',
    spoil: () => append(`${CACHE}/memory.conf`, 'maxmemory 0'),
    check: 'caches',
    sentence: /^\/etc\/sculptor\/cache\/memory\.conf is not as the agent wrote it\.$/,
  },
  {
    name: "the caches' keeper stopped",
    spoil: () =>
      commands(
        [['systemctl', 'stop', 'sculptor-cache-keeper.service']],
        [['systemctl', 'start', 'sculptor-cache-keeper.service']],
      ),
    check: 'caches',
    sentence: /^The caches' keeper does not run\.$/,
  },
  {
    name: "a site's way to the mailer open to everybody",
    spoil: ({ php }) => chmod(`${MAIL}/${php}`, 0o2755),
    check: 'mail',
    sentence: /^\/var\/lib\/sculptor-mail\/sites\/\w+ is sculptor-mail:s-\w+ 2755 and should be /,
  },
  {
    name: "a site's door to the mailer open to everybody",
    spoil: ({ php }) => chmod(`${MAIL}/${php}/socket`, 0o666),
    check: 'mail',
    sentence: /socket is sculptor-mail:s-\w+ 666 and should be sculptor-mail:s-\w+ 660\.$/,
  },
  {
    name: 'a way to the mailer that is no site’s',
    spoil: () => {
      mkdirSync(`${MAIL}/x1x1x1x1x1x1`);
      return () => rmSync(`${MAIL}/x1x1x1x1x1x1`, { recursive: true });
    },
    check: 'mail',
    sentence: /x1x1x1x1x1x1 is the way of no site that may send mail\.$/,
  },
  {
    name: "the mail host's password readable by everybody",
    spoil: () => forEverybody('/etc/sculptor/mail/settings.json', '{"submission":null}\n'),
    check: 'mail',
    sentence: /settings\.json is root:sculptor-mail 644 and should be root:sculptor-mail 640\.$/,
  },
  {
    name: "www-data's door to the mailer open to everybody",
    spoil: () => chmod(`${MAIL}/agent/socket`, 0o666),
    check: 'mail',
    sentence: /agent\/socket is sculptor-mail:www-data 666 and should be sculptor-mail:www-data 660\.$/,
  },
  {
    name: "www-data's way to the mailer open to everybody",
    spoil: () => chmod(`${MAIL}/agent`, 0o2755),
    check: 'mail',
    sentence: /sites\/agent is sculptor-mail:www-data 2755 and should be sculptor-mail:www-data 2750\.$/,
  },
  {
    name: 'who is told of alarms readable by everybody',
    spoil: () => forEverybody('/etc/sculptor/mail/notify.json', '{"recipients":[]}\n'),
    check: 'mail',
    sentence: /notify\.json is root:sculptor-mail 644 and should be root:sculptor-mail 640\.$/,
  },
  {
    name: 'who is told of alarms in words that nobody understands',
    spoil: () => write('/etc/sculptor/mail/notify.json', () => 'nothing\n', 0o640),
    check: 'mail',
    sentence: /notify\.json cannot be understood: nobody is told\.$/,
  },
  {
    name: 'mail settings that nobody understands',
    spoil: () => write('/etc/sculptor/mail/settings.json', () => 'nothing\n', 0o640),
    check: 'mail',
    sentence: /settings\.json cannot be understood: no mail goes out\.$/,
  },
  {
    name: 'the authority for certificates set so that everybody reads it',
    spoil: () =>
      forEverybody(
        '/etc/sculptor/acme/settings.json',
        '{"directory":"https://a.example","email":"a@b.example"}\n',
      ),
    check: 'acme',
    sentence: /settings\.json is root:sculptor-acme 644 and should be root:sculptor-acme 640\.$/,
  },
  {
    name: 'a link where every site answers authorities from',
    spoil: () => link(`${CHALLENGES}/x`, '/etc/passwd'),
    check: 'acme',
    sentence: /acme-challenge\/x is not a file of certbot's\.$/,
  },
  {
    name: 'certbot of the distribution writing there',
    spoil: () => {
      mkdirSync('/etc/letsencrypt/renewal', { recursive: true });
      return write(
        '/etc/letsencrypt/renewal/x.example.conf',
        () => 'webroot_path = /var/lib/sculptor-acme/webroot,\n',
      );
    },
    check: 'acme',
    sentence: /renewal\/x\.example\.conf has the distribution's certbot write where the sites answer from\.$/,
  },
  {
    name: 'a program of a site that Supervisor does not know of',
    spoil: async () => {
      const unit = 'sculptor-part-x1x1x1x1x1x1-0.scope';
      return start('systemd-run', '--quiet', '--scope', `--unit=${unit}`, 'sleep', '600');
    },
    check: 'programs',
    sentence: /^sculptor-part-x1x1x1x1x1x1-0\.scope runs a program that nobody registered\.$/,
  },
];

/** For good, as `systemctl` writes it down. */
function setMemory(site: string, there: string, back: string): Undo {
  const set = (value: string) =>
    ['systemctl', 'set-property', `sculptor-${site}.slice`, `MemoryMax=${value}`] as const;
  return commands([set(there)], [set(back)]);
}
