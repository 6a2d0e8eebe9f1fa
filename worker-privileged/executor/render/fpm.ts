import { createHash } from 'node:crypto';
import type { DomainId } from '../../../contract/ids.ts';
import type { DomainName, PhpVersion } from '../../../contract/names.ts';
import { plain } from './plain.ts';

export type FpmPool = {
  readonly id: DomainId;
  readonly name: DomainName;
  readonly version: PhpVersion;
  readonly socket: string;
  readonly home: string;
  /** How many requests it works on at once; what is left out is the agent's own number. */
  readonly processes?: number | null;
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

function conf({ id, version, socket, home, processes }: FpmPool, ping: string): string {
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
pm.max_children = ${processes ?? 20}
pm.process_idle_timeout = 10s
pm.max_requests = 1000
request_terminate_timeout = 3600s
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
php_admin_flag[allow_url_include] = off
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

/** Between quotes the parser of PHP's ini files looks for `$`, `"` and `\\` only, which plain() refuses. */
function quoted(value: string): string {
  return `"${plain(value)}"`;
}
