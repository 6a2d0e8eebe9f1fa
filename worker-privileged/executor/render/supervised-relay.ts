import { socketOfSite } from '../../../contract/domains.ts';
import type { DomainId } from '../../../contract/ids.ts';
import { paths } from '../system/paths.ts';
import { plain } from './plain.ts';

/** Of the package systemd; it needs no systemd that runs. */
export const RELAY = '/usr/lib/systemd/systemd-socket-proxyd';

export function relayGroup(id: DomainId): string {
  return `sculptor-relay-${id}`;
}

/**
 * An fcgi-program, as the site's PHP is: Supervisor, which is root, makes the socket and hands it over as standard input;
 * the relay wants it as descriptor 3, with the number of its own process.
 */
export function renderSupervisedRelay(id: DomainId): string {
  const group = plain(relayGroup(id));
  return `; Site ${plain(id)}. Written by the agent; what is changed here is lost.
[fcgi-program:${group}]
command=/bin/sh -c "exec 3<&0 0</dev/null; for limit in nofile=4096 core=0; do /usr/bin/prlimit --pid $$ --$limit; done; exec /usr/bin/env -i LISTEN_FDS=1 LISTEN_PID=$$ ${RELAY} --connections-max=256 ${plain(socketOfSite(id))}"
socket=unix://${plain(paths.supervisedRelaySocket(id))}
socket_owner=root:nginx
socket_mode=0660
user=s-${plain(id)}
directory=/
umask=022
autostart=true
autorestart=true
startsecs=1
startretries=10
stopsignal=TERM
stopwaitsecs=10
killasgroup=true
redirect_stderr=true
stdout_logfile=NONE
`;
}
