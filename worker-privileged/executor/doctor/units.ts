import { readFileSync } from 'node:fs';
import { wrong, type Check, type Found } from './finding.ts';
import type { Process } from './process-list.ts';
import { exposure } from './exposure.ts';
import { restarts } from './restarts.ts';
import { linesOf, type Server } from './server.ts';
import { sitesUnits } from './sites-units.ts';
import { parseUnit, type UnitFile } from './unit-file.ts';

const FOLDER = '/etc/systemd/system/';
const OTHERS = ['mariadb.service', 'nginx.service', 'supervisor.service'];

/** What systemd shows of a unit. */
type State = ReadonlyMap<string, string>;

/** The units as systemd has them: read anew, running, wanted at boot, and with the sandbox that their files say. */
export const units: Check = async (server) => {
  if ((await server.config()).mode !== 'systemd') return [];
  const [ours, processes] = [await ourUnits(server), await server.processes()];
  const known = new Set((await server.installed()).map(({ path }) => path));
  const states = await show(server, [...ours.keys(), ...OTHERS]);
  return [
    ...states.flatMap((state) => {
      const file = ours.get(idOf(state)) ?? null;
      return [
        ...standsAs(state, file),
        ...dropIns(state, known),
        ...restarts(state),
        ...(file === null ? [] : [...sandbox(state, file), ...asItRuns(state, processes)]),
      ];
    }),
    ...(await exposure(server)),
    ...(await sitesUnits(server)),
  ];
};

/** Each unit's file with what its installed drop-ins add, as the installation put them there. */
async function ourUnits(server: Server): Promise<ReadonlyMap<string, UnitFile>> {
  const paths = (await server.installed()).flatMap(({ path, kind }) =>
    kind === 'content' && path.startsWith(FOLDER) ? [path.slice(FOLDER.length)] : [],
  );
  const names = paths.filter((path) => /^sculptor-[a-z-]+\.(?:service|socket|timer)$/.test(path));
  return new Map(
    names.map((name) => {
      const all = [name, ...paths.filter((path) => path.startsWith(`${name}.d/`)).sort()];
      return [name, parseUnit(all.map((path) => readFileSync(FOLDER + path, 'utf8')).join('\n'))];
    }),
  );
}

async function show({ run }: Server, names: readonly string[]): Promise<readonly State[]> {
  const text = await run('/usr/bin/systemctl', ['show', '--no-pager', '--', ...names]);
  return text.split('\n\n').map(parseState);
}

export function parseState(text: string): State {
  return new Map(
    linesOf(text).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function idOf(state: State): string {
  return state.get('Id') ?? '';
}

/** `file` is null for a unit of the distribution's. */
export function standsAs(state: State, file: UnitFile | null): readonly Found[] {
  const id = idOf(state);
  const said = (property: string) => state.get(property) ?? '';
  const atBoot = file === null || file.has('Install.WantedBy');
  const found: Found[] = [];
  if (said('LoadState') !== 'loaded') return [wrong(`${id} is ${said('LoadState')}.`)];
  if (said('NeedDaemonReload') === 'yes')
    found.push(wrong(`${id} was changed, and systemd has not read it.`, 'Run systemctl daemon-reload.'));
  if (file !== null && said('FragmentPath') !== FOLDER + id)
    found.push(
      wrong(
        `${id} is read from ${said('FragmentPath')} and should be from ${FOLDER}${id}.`,
        `Run rm ${said('FragmentPath')}, then systemctl daemon-reload.`,
      ),
    );
  if (said('ActiveState') === 'failed' || (atBoot && said('ActiveState') !== 'active'))
    found.push(
      wrong(
        `${id} is ${said('ActiveState')} and should be active.`,
        `Run systemctl start ${id}; journalctl -u ${id} tells more.`,
      ),
    );
  if (atBoot && !['enabled', 'enabled-runtime'].includes(said('UnitFileState')))
    found.push(
      wrong(
        `${id} is ${said('UnitFileState')}: it is not there after the next start.`,
        `Run systemctl enable ${id}.`,
      ),
    );
  return found;
}

/** What a drop-in says counts more than the unit. The distribution's own lie in /usr/lib. */
export function dropIns(state: State, known: ReadonlySet<string>): readonly Found[] {
  const all = (state.get('DropInPaths') ?? '').split(' ').filter(Boolean);
  return all
    .filter((path) => !known.has(path) && !/^\/(?:usr\/)?lib\/systemd\//.test(path))
    .map((path) =>
      wrong(
        `${idOf(state)} has a drop-in that is not the agent's, ${path}.`,
        `Look what it says; rm ${path}, systemctl daemon-reload, then restart ${idOf(state)}.`,
      ),
    );
}

/** What is one word in the file, systemd shows as the same word; what it does not know it does not show. */
const WORDS = /^(?:yes|no|strict|full|invisible|ptraceable|noaccess|pid|all|tmpfs|read-only)$/;

export function sandbox(state: State, file: UnitFile): readonly Found[] {
  return [...file].flatMap(([key, values]) => {
    const [section, property = ''] = key.split('.');
    const [should = '', is] = [values.at(-1), state.get(property)];
    if (section !== 'Service' || is === undefined || !WORDS.test(should) || is === should) return [];
    return [wrong(`${property} of ${idOf(state)} is ${is} and should be ${should}.`, restart(idOf(state)))];
  });
}

/** A process keeps what it was started with, whatever the unit says by now. */
function asItRuns(state: State, processes: readonly Process[]): readonly Found[] {
  const main = processes.find(({ pid }) => String(pid) === state.get('MainPID'));
  if (main === undefined || main.noNewPrivileges || state.get('NoNewPrivileges') !== 'yes') return [];
  return [
    wrong(
      `The process of ${idOf(state)}, ${main.pid}, can gain privileges: it was started without its sandbox.`,
      restart(idOf(state)),
    ),
  ];
}

function restart(id: string): string {
  return `Run systemctl daemon-reload, then systemctl restart ${id}.`;
}
