import { mkdirSync, writeFileSync } from 'node:fs';
import { renderSupervisedPool } from '../../worker-privileged/executor/render/supervisor.ts';
import { renderSysusersLine } from '../../worker-privileged/executor/render/sysusers.ts';
import { paths } from '../../worker-privileged/executor/system/paths.ts';
import { say, SEED } from '../fuzz/settings.ts';
import { must } from '../machine/server.ts';
import { apart, withFolder } from './apart.ts';
import { parsedBack } from './parsed.ts';
import { sites, uidOf, type Site } from './values.ts';

/* systemd-sysusers makes hundreds of accounts in a root of its own, and Supervisor reads a program of each. */

beforeAll(() => say(`render: accounts and programs, seed ${SEED}`));

type Owner = { readonly user: string; readonly uid: number; readonly site: Site };
const owners = (count: number): readonly Owner[] =>
  sites(count).map((site, index) => ({ user: `s-${site.id}`, uid: uidOf(index), site }));

/** As the executor does it: all of them on standard input. */
function makeAccounts(folder: string, all: readonly Owner[]): void {
  mkdirSync(`${folder}/etc`);
  const lines = all.map(({ user, uid, site }) =>
    renderSysusersLine({ user, uid, home: paths.home(site.names[0]) }),
  );
  must('systemd-sysusers', [`--root=${folder}`, '-'], lines.join(''));
}

/** The C library's own answers, and the shadow file's. */
const ACCOUNTS = `
import json, pwd, grp
shadow = dict(line.split(':')[:2] for line in open('/etc/shadow'))
print(json.dumps([[*user, list(grp.getgrgid(user.pw_gid)), shadow[user.pw_name]] for user in pwd.getpwall()]))
`;

test('an account is made with its name, numbers, home and no way in, and no other account', () => {
  const all = owners(300);
  withFolder((folder) => {
    makeAccounts(folder, all);
    const files = `for file in passwd group shadow; do mount --bind "$1/etc/$file" "/etc/$file"; done`;
    const script = `${files}; python3 -c "$(cat)"`;
    const read = JSON.parse(apart(folder, script, ACCOUNTS)) as unknown[][];
    const meant = all.map(({ user, uid, site }) => [
      ...[user, 'x', uid, uid, 'Sculptor site', `/home/www/${site.names[0]}`, '/usr/sbin/nologin'],
      ...[[user, 'x', uid, []], '!*'],
    ]);
    expect([...read].sort(byUid)).toEqual(meant.sort(byUid));
    parsedBack('systemd-sysusers', all.length);
  });
});

const byUid = (a: readonly unknown[], b: readonly unknown[]) => Number(a[2]) - Number(b[2]);

/** Supervisor's own reader, and how it splits a command when it starts it. */
const PROGRAMS = `
import json, shlex, sys
from supervisor.options import ServerOptions
options = ServerOptions()
options.realize(['-n', '-c', sys.argv[1] + '/supervisord.conf'])
def told(value):
    return value if isinstance(value, (str, int, bool, type(None))) else str(value)
def program(process):
    own = {name: told(getattr(process, name)) for name in process.req_param_names if name != 'command'}
    return {**own, 'environment': process.environment or None, 'command': shlex.split(process.command)}
def socket(group):
    made = getattr(group, 'socket_config', None)
    return made and {'url': made.url, 'owner': list(made.get_owner()), 'mode': oct(made.get_mode())}
print(json.dumps([{'group': group.name, 'kind': type(group).__name__, 'socket': socket(group),
    'programs': [program(process) for process in group.process_configs]} for group in options.process_group_configs]))
`;

type Read = { readonly group: string; readonly programs: readonly Record<string, unknown>[] };

function programsOf(folder: string): readonly Read[] {
  writeFileSync(
    `${folder}/supervisord.conf`,
    `[supervisord]\n[include]\nfiles = ${folder}/programs/*.conf\n`,
  );
  writeFileSync(`${folder}/read.py`, PROGRAMS);
  // The server's own accounts are there too.
  const files = `for file in passwd group; do cat "/etc/$file" >>"$1/etc/$file"; mount --bind "$1/etc/$file" "/etc/$file"; done`;
  return JSON.parse(apart(folder, `${files}; python3 "$1/read.py" "$1"`)) as Read[];
}

const uidOfUser = (name: string) => Number(must('id', ['-u', name]));
const gidOfGroup = (name: string) => Number(must('getent', ['group', name]).split(':')[2]);

function meant({ site: { id, isolation }, uid }: Owner) {
  const socket = `/var/lib/sculptor-php/${id}.sock`;
  const master = `/etc/sculptor/sites/${id}`;
  const processes = isolation === 'pool' ? 4096 : 512;
  const limits = `nofile=4096 core=0 data=1073741824 nproc=${processes}`;
  const line = `exec 3<&0 0</dev/null; for limit in ${limits}; do /usr/bin/prlimit --pid $$ --$limit; done; exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 FPM_SOCKETS=${socket}=3 ${master}/php-fpm --nodaemonize --force-stderr --fpm-config ${master}/fpm.conf`;
  const name = `sculptor-php-${id}`;
  return {
    group: name,
    kind: 'FastCGIGroupConfig',
    socket: { url: `unix://${socket}`, owner: [0, gidOfGroup('nginx')], mode: '0o660' },
    programs: [
      expect.objectContaining({
        name,
        command: ['/bin/sh', '-c', line],
        environment: null,
        uid: isolation === 'pool' ? uidOfUser('www') : uid,
        directory: '/',
        umask: 0o022,
        autostart: true,
        stopsignal: 3,
        stopwaitsecs: 20,
        stopasgroup: false,
        killasgroup: true,
        redirect_stderr: true,
        stdout_logfile: `/var/log/sculptor/php-${id}.log`,
        stderr_logfile: null,
        stdout_syslog: false,
      }),
    ],
  };
}

type Group = { readonly group: string };
const byGroup = (a: Group, b: Group) => (a.group < b.group ? -1 : 1);

test('Supervisor reads every program as it was meant: its command, its user, its socket, and no program besides', () => {
  const all = owners(300);
  withFolder((folder) => {
    makeAccounts(folder, all);
    mkdirSync(`${folder}/programs`);
    for (const { user, site } of all) {
      const pool = {
        id: site.id,
        user: site.isolation === 'pool' ? 'www' : user,
        socket: paths.supervisedSocket(site.id),
        share: { memoryBytes: null, tasks: null },
      };
      writeFileSync(`${folder}/programs/${site.id}.conf`, renderSupervisedPool(pool));
    }
    const read = programsOf(folder);
    expect([...read].sort(byGroup)).toEqual(all.map(meant).sort(byGroup));
    parsedBack('Supervisor', all.length);
  });
});

test('Supervisor reads the agent’s own programs', () => {
  withFolder((folder) => {
    makeAccounts(folder, []);
    for (const file of ['passwd', 'group']) writeFileSync(`${folder}/etc/${file}`, '');
    must('cp', ['-r', 'systemd/supervisor', `${folder}/programs`]);
    const read = programsOf(folder).flatMap(({ programs }) => programs);
    expect(read.map(({ name, command }) => [name, (command as string[])[0]]).sort()).toEqual([
      ['sculptor-api', '/usr/lib/sculptor/supervisor/start'],
      ['sculptor-cron', '/usr/sbin/cron'],
      ['sculptor-mailer', '/usr/lib/sculptor/supervisor/start'],
      ['sculptor-mariadb', '/bin/sh'],
      ['sculptor-nginx', '/bin/sh'],
      ['sculptor-redis', '/usr/lib/sculptor/supervisor/start'],
      ['sculptor-sshd', '/bin/sh'],
      ['sculptor-worker-privileged', '/usr/lib/sculptor/supervisor/start'],
      ['sculptor-worker-unprivileged', '/usr/lib/sculptor/supervisor/start'],
    ]);
    parsedBack('Supervisor', 5);
  });
});
