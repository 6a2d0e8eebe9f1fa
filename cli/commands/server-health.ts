import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { AlarmReport, ServerHealth } from '../answers.ts';
import { understand } from '../client.ts';
import { octets } from '../octets.ts';
import type { OpenSession } from '../session.ts';
import { listing, table } from '../table.ts';

/** `sculptorctl system health` and `alarms`: how the server fares, and what is not well. */
export function addServerHealthCommands(system: Command, open: OpenSession): void {
  system
    .command('health')
    .description('Processors, memory, disks and services as they were in the last minute.')
    .action(
      action(open, async (session) => {
        const document = await session.client.get('/v1/server/health');
        present(session, document, () => healthOf(understand(ServerHealth, document)));
      }),
    );
  system
    .command('alarms')
    .description('What is not well now, and when an alarm is raised.')
    .action(
      action(open, async (session) => {
        const document = await session.client.get('/v1/server/alarms');
        present(session, document, () => alarmsOf(understand(AlarmReport, document)));
      }),
    );
}

function healthOf({ latest, day }: ServerHealth): readonly string[] {
  if (latest === null) return ['nothing was measured in the last day'];
  const { cpuPercent, cpus, memory, memoryPercent, load, services } = latest;
  const highest = Math.max(...day.map((point) => point.cpuPercent ?? 0));
  return [
    ...listing([
      ['measured', latest.at],
      ['processors', `${cpus}, busy to ${cpuPercent ?? '?'} %; ${highest} % at most in the last day`],
      ['load', load.join(' ')],
      ['memory', `${memoryPercent} % of ${octets(memory.bytes)}`],
      ['certificate', latest.certificateEnds === null ? 'not readable' : `until ${latest.certificateEnds}`],
    ]),
    '',
    ...table(
      ['DISK', 'SIZE', 'FULL', 'FILES'],
      latest.places.map(({ place, bytes, percent, inodesPercent }) => [
        ...[place, octets(bytes), `${percent} %`],
        inodesPercent === null ? '-' : `${inodesPercent} %`,
      ]),
    ),
    '',
    ...table(
      ['SERVICE', 'WELL', 'STATE'],
      services.map(({ name, well, state }) => [name, well ? 'yes' : 'no', state]),
    ),
  ];
}

function alarmsOf({ alarms, rules }: AlarmReport): readonly string[] {
  const rows = alarms.map(({ kind, name, value, since, raisedAt }) => [
    ...[kind, name, String(Math.round(value * 10) / 10)],
    ...[since, raisedAt ?? 'not yet'],
  ]);
  const known = Object.entries(rules ?? {}).map(([kind, rule]) =>
    rule === null
      ? [kind, 'off', '-', '-']
      : [kind, String(rule.threshold), `${rule.minutes} min`, String(rule.rearm)],
  );
  return [
    ...(rows.length === 0
      ? ['no alarm is raised']
      : table(['ALARM', 'OF', 'VALUE', 'SINCE', 'RAISED'], rows)),
    '',
    ...table(['RULE', 'THRESHOLD', 'FOR', 'OVER AT'], known),
  ];
}
