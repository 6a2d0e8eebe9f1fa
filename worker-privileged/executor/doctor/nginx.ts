import { readdirSync, readFileSync } from 'node:fs';
import { CommandError } from '../system/command.ts';
import { wrong, type Check, type Found } from './finding.ts';
import type { Process } from './process-list.ts';
import { linesOf, type Server } from './server.ts';

const FOLDER = '/etc/nginx/sculptor';
const CONF = `${FOLDER}/nginx.conf`;

/** The one program that the network speaks to before anything of ours: as whom it runs, and what it reads. */
export const nginx: Check = async (server) => [
  ...(await accepted(server)),
  ...meaning(readFileSync(CONF, 'utf8'), readFileSync(`${FOLDER}/parts/serve.conf`, 'utf8')),
  ...(await running(server)),
  ...(await foreign(server)),
];

async function accepted({ run }: Server): Promise<readonly Found[]> {
  try {
    await run('/usr/sbin/nginx', ['-t', '-q', '-c', CONF]);
    return [];
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    const said = linesOf(cause.stderr).at(0) ?? cause.message;
    return [wrong(`nginx does not take its configuration: ${said}`, `nginx -t -c ${CONF} tells more.`)];
  }
}

export function meaning(conf: string, serve: string): readonly Found[] {
  const user = /^user\s+([^;\s]+)[^;]*;/m.exec(conf)?.[1] ?? 'the user that it was built with';
  const found: Found[] = [];
  if (user !== 'nginx') found.push(wrong(`nginx's workers are told to run as ${user} and should as nginx.`));
  if (!/^\s*disable_symlinks if_not_owner from=\$sculptor_site\/home;/m.test(serve))
    found.push(wrong('nginx follows links from one site into another: disable_symlinks is missing.'));
  return found;
}

async function running(server: Server): Promise<readonly Found[]> {
  const { users } = await server.people();
  const uid = users.find(({ name }) => name === 'nginx')?.uid ?? -1;
  return mastersAndWorkers(await server.processes(), uid);
}

export function mastersAndWorkers(processes: readonly Process[], uid: number): readonly Found[] {
  const all = processes.filter(({ program }) => program.replace(/ \(deleted\)$/, '') === '/usr/sbin/nginx');
  const masters = all.filter(({ command }) => command.includes('master process'));
  const workers = all.filter(({ uids }) => !uids.includes(0));
  const restart = 'Run scripts/install.sh --yes, then restart nginx.';
  return [
    ...(masters.length === 0 ? [wrong('nginx does not run.', restart)] : []),
    ...masters
      .filter(({ command }) => !command.includes(`-c ${CONF}`))
      .map(({ pid }) => wrong(`nginx (process ${pid}) does not run with ${CONF}.`, restart)),
    ...workers
      .filter(({ uids }) => uids.some((each) => each !== uid))
      .map(({ pid }) => wrong(`nginx's worker ${pid} does not run as nginx.`, restart)),
    ...all
      .filter(({ uids, command }) => uids.includes(0) && command.includes('worker process'))
      .map(({ pid }) => wrong(`nginx's worker ${pid} runs as root.`, restart)),
  ];
}

/** What nginx.conf includes besides the sites' own server blocks: as installed, and nothing more. */
async function foreign(server: Server): Promise<readonly Found[]> {
  const known = new Set((await server.installed()).map(({ path }) => path));
  return ['agent', 'listen', 'parts']
    .flatMap((folder) => readdirSync(`${FOLDER}/${folder}`).map((name) => `${FOLDER}/${folder}/${name}`))
    .filter((path) => !known.has(path))
    .map((path) =>
      wrong(`${path} is not the agent's, and nginx reads it.`, 'Look what it is, and move it away.'),
    );
}
