import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { renderFpm, type FpmConf } from '../../worker-privileged/executor/render/fpm.ts';
import { paths } from '../../worker-privileged/executor/system/paths.ts';
import { say, SEED } from '../fuzz/settings.ts';
import { run } from '../machine/server.ts';
import { withFolder } from './apart.ts';
import { parsedBack } from './parsed.ts';
import { sites, type Site } from './values.ts';

/* php-fpm says how it understood hundreds of pools: `php-fpm -tt` prints every directive that it has. */

beforeAll(() => say(`render: php-fpm, seed ${SEED}`));

const MASTERS = readdirSync('/usr/sbin').filter((name) => /^php-fpm[0-9.]+$/.test(name));

type Directives = ReadonlyMap<string, string>;

/** As the user of a site runs it; pools in files of their own are read by one master. */
function dumped(master: string, folder: string): ReadonlyMap<string, Directives> {
  // The dump is made of notices, which a site's own log has no room for.
  writeFileSync(`${folder}/all.conf`, `include=${folder}/pools/*.conf\n[global]\nlog_level = notice\n`);
  const asNobody = ['--reuid=nobody', '--regid=nogroup', '--clear-groups'];
  const { code, err } = run('setpriv', [
    ...asNobody,
    `/usr/sbin/${master}`,
    '-tt',
    '-y',
    `${folder}/all.conf`,
  ]);
  expect([code, err.slice(-200)]).toEqual([0, expect.stringContaining('test is successful')]);
  const lines = err.split('\n').map((line) => line.replace(/^(?:\[[^\]]*\] NOTICE:|\[NOTICE\]) ?/, ''));
  return pools(lines);
}

/** By their sections: `[name]`, then `\tkey = value` for each directive. */
function pools(lines: readonly string[]): ReadonlyMap<string, Directives> {
  const found = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of lines) {
    const [, section] = /^\s*\[(.*)\]$/.exec(line) ?? [];
    const [, key, value = ''] = /^\s+(\S+) = ?(.*)$/.exec(line) ?? [];
    if (section !== undefined) found.set(section, (current = new Map<string, string>()));
    else if (key !== undefined) current.set(key, value);
  }
  return found;
}

const poolOf = ({ id, names: [name], version, phpLimits }: Site) => ({
  id,
  name,
  version,
  socket: paths.unitSocket(id),
  home: paths.home(name),
  plan: { phpProcesses: phpLimits.processes ?? 20, limits: phpLimits },
});

/** All that a pool has which is not php-fpm's own default. */
function meant({ id, names: [name], phpLimits }: Site, { ping }: FpmConf): Readonly<Record<string, string>> {
  const home = `/home/www/${name}`;
  const tmp = `${home}/tmp`;
  const { memoryBytes, seconds, uploadBytes, processes } = phpLimits;
  const admin = (value: number | null, ...names: readonly string[]) =>
    value === null
      ? {}
      : Object.fromEntries(names.map((each) => [`php_admin_value[${each}]`, String(value)]));
  return {
    ...admin(memoryBytes, 'memory_limit'),
    ...admin(seconds, 'max_execution_time', 'max_input_time'),
    ...admin(uploadBytes, 'upload_max_filesize'),
    ...admin(uploadBytes && uploadBytes + 1024 ** 2, 'post_max_size'),
    listen: `/run/sculptor-php/${id}.sock`,
    'listen.mode': '0660',
    pm: 'ondemand',
    'pm.max_children': String(processes ?? 20),
    'pm.process_idle_timeout': '10',
    'pm.max_requests': '1000',
    request_terminate_timeout: `${seconds === null ? 3600 : seconds + 5}s`,
    'ping.path': '/.sculptor/ping',
    'ping.response': ping,
    'security.limit_extensions': '.php',
    clear_env: 'yes',
    'env[PATH]': '/usr/local/bin:/usr/bin:/bin',
    'env[TMPDIR]': tmp,
    'php_admin_value[sys_temp_dir]': tmp,
    'php_admin_value[sendmail_path]': '/usr/lib/sculptor/sendmail -t -i',
    'php_admin_value[upload_tmp_dir]': tmp,
    'php_admin_value[opcache.restrict_api]': home,
    'php_admin_value[opcache.validate_root]': '1',
    'php_admin_value[opcache.validate_permission]': '1',
    'php_admin_value[opcache.use_cwd]': '1',
    'php_admin_value[allow_url_include]': '0',
    'php_admin_value[enable_dl]': '0',
    'php_admin_value[expose_php]': '0',
    'php_admin_value[syslog.ident]': `sculptor-php-${id}`,
    'php_admin_value[syslog.filter]': 'no-ctrl',
    'php_value[session.save_path]': tmp,
    'php_value[session.gc_probability]': '1',
  };
}

test.each(MASTERS)('%s reads every pool as it was meant, and nothing besides', (master) => {
  const all = sites(300).map((site) => ({ site, conf: renderFpm(poolOf(site)) }));
  const plain = {
    id: 'plain',
    conf: '[plain]\nlisten = /run/plain.sock\npm = ondemand\npm.max_children = 20\n',
  };
  withFolder((folder) => {
    mkdirSync(`${folder}/pools`);
    writeFileSync(`${folder}/pools/plain.conf`, plain.conf);
    for (const { site, conf } of all) writeFileSync(`${folder}/pools/${site.id}.conf`, conf.text);
    const read = dumped(master, folder);
    const names = [...all.map(({ site }) => site.id as string), 'global', 'plain'];
    expect([...read.keys()].sort()).toEqual(names.sort());
    const defaults = Object.fromEntries(read.get('plain') ?? []);
    for (const { site, conf } of all) {
      expect([site, Object.fromEntries(read.get(site.id) ?? [])]).toEqual([
        site,
        { ...defaults, ...meant(site, conf) },
      ]);
    }
    parsedBack(master, all.length);
  });
});

test.each(MASTERS)('%s reads what a master has of its own as it was meant', (master) => {
  for (const site of sites(12)) {
    withFolder((folder) => {
      mkdirSync(`${folder}/pools`);
      writeFileSync(`${folder}/pools/one.conf`, renderFpm(poolOf(site)).text);
      expect(Object.fromEntries(dumped(master, folder).get('global') ?? [])).toMatchObject({
        error_log: 'syslog',
        'syslog.ident': `sculptor-php-${site.id}`,
        daemonize: 'no',
        process_control_timeout: '60s',
      });
    });
  }
});

test('there is a php-fpm to ask', () => {
  expect(MASTERS.length).toBeGreaterThan(0);
});
