import { createHash } from 'node:crypto';
import type { DomainId } from '../../../contract/ids.ts';
import type { PhpLimits } from '../../../contract/domains.ts';
import type { DomainName, PhpVersion } from '../../../contract/names.ts';
import { plain } from './plain.ts';

export type FpmPool = {
  readonly id: DomainId;
  readonly name: DomainName;
  readonly version: PhpVersion;
  readonly socket: string;
  readonly home: string;
  readonly plan: {
    /** How many requests it works on at once. */
    readonly phpProcesses: number;
    readonly limits: PhpLimits;
  };
};

/** `ping` is the body that this pool, started from exactly this text, answers a probe with. */
export type FpmConf = { readonly text: string; readonly ping: string };

/**
 * The whole configuration of one site's php-fpm master. It runs as the site's user, so there is no `user`, and
 * its socket is handed to it, so `listen` only says which. No open_basedir: the account and the unit's sandbox
 * keep a site to itself, and open_basedir would cost every request PHP's cache of paths to say it once more.
 */
export function renderFpm(pool: FpmPool): FpmConf {
  const digest = createHash('sha256').update(conf(pool, 'ping')).digest('hex').slice(0, 8);
  const ping = `${pool.id}-${digest}`;
  return { text: conf(pool, ping), ping };
}

function conf({ id, version, socket, home, plan }: FpmPool, ping: string): string {
  const tmp = quoted(`${plain(home)}/tmp`);
  const root = quoted(plain(home));
  return `; Site ${plain(id)} on PHP ${plain(version)}. Written by the agent; what is changed here is lost.
[global]
error_log = syslog
syslog.ident = sculptor-php-${plain(id)}
log_level = warning
daemonize = no
process_control_timeout = 60s

[${plain(id)}]
listen = ${quoted(socket)}
listen.mode = 0660
pm = ondemand
pm.max_children = ${plan.phpProcesses}
pm.process_idle_timeout = 10s
pm.max_requests = 1000
request_terminate_timeout = ${terminateAfter(plan.limits)}s
ping.path = /.sculptor/ping
ping.response = ${quoted(ping)}
security.limit_extensions = .php
clear_env = yes
env[PATH] = "/usr/local/bin:/usr/bin:/bin"
env[TMPDIR] = ${tmp}
php_admin_value[sys_temp_dir] = ${tmp}
php_admin_value[upload_tmp_dir] = ${tmp}
php_admin_value[sendmail_path] = "/usr/lib/sculptor/sendmail -t -i"
php_admin_value[opcache.restrict_api] = ${root}
php_admin_flag[opcache.validate_root] = on
php_admin_flag[opcache.validate_permission] = on
php_admin_flag[opcache.use_cwd] = on
${limits(plan.limits)}php_admin_flag[allow_url_include] = off
php_admin_flag[enable_dl] = off
php_admin_flag[expose_php] = off
php_value[session.save_path] = ${tmp}
; What PHP says to the journal is this site's there, and control characters in it are spelt out.
php_admin_value[syslog.ident] = sculptor-php-${plain(id)}
php_admin_value[syslog.filter] = no-ctrl
; The distribution's own collector of old sessions knows its own folder only.
php_value[session.gc_probability] = 1
`;
}

const MIB = 1024 ** 2;

/** PHP ends a request itself, and says so; one that does not let it is ended five seconds later. */
function terminateAfter({ seconds }: PhpLimits): number {
  return seconds === null ? 3600 : seconds + 5;
}

/** As admin values: what runs in the site cannot raise them. */
function limits({ memoryBytes, seconds, uploadBytes }: PhpLimits): string {
  const values: readonly (readonly [string, number])[] = [
    ...(memoryBytes === null ? [] : [['memory_limit', memoryBytes] as const]),
    ...(seconds === null
      ? []
      : [['max_execution_time', seconds] as const, ['max_input_time', seconds] as const]),
    ...(uploadBytes === null
      ? []
      : [
          ['upload_max_filesize', uploadBytes] as const,
          // A form has other fields beside the file.
          ['post_max_size', uploadBytes + MIB] as const,
        ]),
  ];
  return values.map(([name, value]) => `php_admin_value[${name}] = ${value}\n`).join('');
}

/** Between quotes the parser of PHP's ini files looks for `$`, `"` and `\\` only, which plain() refuses. */
function quoted(value: string): string {
  return `"${plain(value)}"`;
}
