import type { PartId } from '../../../contract/ids.ts';
import type { StopSignal } from '../../../contract/queues.ts';
import { plain } from './plain.ts';

export type SupervisedProgram = {
  readonly part: PartId;
  readonly processes: number;
  readonly stopSignal: StopSignal;
  readonly stopSeconds: number;
  readonly autostart: boolean;
};

export function programGroup(part: PartId): string {
  return `sculptor-part-${part}`;
}

/** The part and the process's number, of a name that Supervisor gives; null for a program that is no site's. */
export function programOf(group: string, process: string): { part: PartId; number: number } | null {
  const part = /^sculptor-part-([a-z][a-z0-9]{11})$/.exec(group)?.[1];
  return part === undefined || !/^[0-9]{1,2}$/.test(process)
    ? null
    : { part: part as PartId, number: Number(process) };
}

/**
 * Ids and numbers: what the program is stands in a file of its own, which Supervisor does not read. What ends within
 * five seconds has failed; that is tried six times, with longer and longer pauses. What the program says goes past
 * Supervisor, which would be kept busy by one that says much; here comes what the launcher itself has to say.
 */
export function renderSupervisedProgram(program: SupervisedProgram): string {
  const part = plain(program.part);
  return `; Written by the agent; what is changed here is lost.
[program:${programGroup(program.part)}]
command=/usr/lib/sculptor/launch ${part} %(process_num)d
process_name=%(process_num)d
numprocs=${plain(program.processes)}
directory=/
umask=077
autostart=${plain(String(program.autostart))}
autorestart=true
startsecs=5
startretries=5
stopsignal=${plain(program.stopSignal)}
stopwaitsecs=${plain(program.stopSeconds)}
killasgroup=true
redirect_stderr=true
stdout_logfile=/var/log/sculptor/programs/${part}/launch
stdout_logfile_maxbytes=64KB
stdout_logfile_backups=0
`;
}
