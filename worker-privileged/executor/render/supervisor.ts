import type { DomainId } from '../../../contract/ids.ts';
import { boundsOf, type Share } from './bounds.ts';
import { plain } from './plain.ts';

export type SupervisedPool = {
  readonly id: DomainId;
  readonly user: string;
  readonly socket: string;
  readonly share: Share;
};

export function supervisedGroup(id: DomainId): string {
  return `sculptor-php-${id}`;
}

/** Of each process, and of all that the user has: without slices there is no more to be had. */
const LIMITS = ['nofile=4096', 'core=0'];
const PROCESSES_OF_POOL = 4096;

/**
 * An fcgi-program: Supervisor, which is root, makes the socket in a folder of root's and hands it over as
 * standard input, which php-fpm wants as descriptor 3. If the site's own user made the socket, a site could put
 * a link in its place and have nginx speak to a neighbour's. The shell's line holds the id and nothing else of
 * anybody's; Supervisor's own `%(name)s` cannot come in, as no value may hold a `%`.
 */
export function renderSupervisedPool({ id, user, socket, share }: SupervisedPool): string {
  const site = `/etc/sculptor/sites/${plain(id)}`;
  const { memory, processes } = boundsOf(share);
  const most = user === 'www' ? PROCESSES_OF_POOL : processes;
  const limits = [...LIMITS, `data=${memory}`, `nproc=${most}`].join(' ');
  return `; Site ${plain(id)}. Written by the agent; what is changed here is lost.
[fcgi-program:${plain(supervisedGroup(id))}]
command=/bin/sh -c "exec 3<&0 0</dev/null; for limit in ${limits}; do /usr/bin/prlimit --pid $$ --$limit; done; exec /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 FPM_SOCKETS=${plain(socket)}=3 ${site}/php-fpm --nodaemonize --force-stderr --fpm-config ${site}/fpm.conf"
socket=unix://${plain(socket)}
socket_owner=root:nginx
socket_mode=0660
user=${plain(user)}
directory=/
umask=022
autostart=true
autorestart=true
startsecs=1
startretries=10
stopsignal=QUIT
stopwaitsecs=20
killasgroup=true
redirect_stderr=true
stdout_logfile=/var/log/sculptor/php-${plain(id)}.log
stdout_logfile_maxbytes=1MB
stdout_logfile_backups=1
`;
}
