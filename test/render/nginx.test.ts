import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { needsServerBlock, renderServerBlock } from '../../worker-privileged/executor/render/server-block.ts';
import { say, SEED } from '../fuzz/settings.ts';
import { must } from '../machine/server.ts';
import { apart, withFolder } from './apart.ts';
import { parsedBack } from './parsed.ts';
import { domainNames, sites, type Site } from './values.ts';

/* nginx says how it understood hundreds of server blocks: it is started with them and asked for every name. */

beforeAll(() => say(`render: nginx, seed ${SEED}`));

/** What a server block does with a request is said instead of done. */
const ECHO = (listener: string) => `return 200 "${listener} $server_name $sculptor_site $sculptor_public";\n`;

type Question = { readonly to: 'port' | 'probes'; readonly host: string };

/** Asks all on standard input, a few at a time; answers in their order: status, body and where it leads. */
const CLIENT = `
  const { request, Agent } = require('http');
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const ask = ({ to, host }) => new Promise((resolve, reject) => {
    const where = to === 'port' ? { host: '127.0.0.1', port: 80 } : { socketPath: '/run/sculptor-probe/http.sock' };
    request({ ...where, agent, path: '/x', headers: { host } }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve(answer.headers.location ?? text));
    }).on('error', reject).end();
  });
  const questions = JSON.parse(require('fs').readFileSync(0, 'utf8'));
  Promise.all(questions.map(ask)).then((all) => {
    require('fs').writeSync(1, JSON.stringify(all));
    agent.destroy();
  });
`;

/** Everything that the agent's nginx.conf names, somewhere else. */
const AROUND = `
  mount --bind "$1/conf" /etc/nginx/sculptor
  for folder in /run /var/log/sculptor/nginx /var/lib/sculptor-nginx; do mount -t tmpfs tmpfs "$folder"; done
  mkdir /run/sculptor-probe
  nginx() { /usr/sbin/nginx -c /etc/nginx/sculptor/nginx.conf "$@"; }
`;

function place(folder: string, all: readonly Site[]): ReadonlyMap<string, string> {
  must('cp', ['-a', '/etc/nginx/sculptor', `${folder}/conf`]);
  rmSync(`${folder}/conf/sites`, { recursive: true });
  mkdirSync(`${folder}/conf/sites`);
  const texts = all.map((site) => [`sites/${site.id}.conf`, renderServerBlock(site)] as const);
  for (const [file, text] of texts) writeFileSync(`${folder}/conf/${file}`, text);
  return new Map(texts.map(([file, text]) => [`/etc/nginx/sculptor/${file}`, text]));
}

/** Every file that nginx says it has read, from \`nginx -T\`. */
function filesOf(dump: string): ReadonlyMap<string, string> {
  const parts = dump.split(/^# configuration file (\S+):\n/m).slice(1);
  const pairs = parts.flatMap((path, index) => (index % 2 === 0 ? [[path, parts[index + 1] ?? '']] : []));
  return new Map(pairs.map(([path = '', text = '']) => [path, text.replace(/\n$/, '')]));
}

function answers(folder: string, questions: readonly Question[]): readonly string[] {
  for (const [part, listener] of [
    ['site', 'port'],
    ['probe', 'probes'],
  ] as const) {
    writeFileSync(`${folder}/conf/parts/${part}.conf`, ECHO(listener));
  }
  writeFileSync(`${folder}/client.js`, CLIENT);
  const script = `${AROUND} nginx; /usr/lib/sculptor/node/bin/node "$1/client.js"; nginx -s quit`;
  return JSON.parse(apart(folder, script, JSON.stringify(questions))) as string[];
}

test('every server block is read as it was meant: its names, its folder, both its listeners', () => {
  const all = sites(250);
  withFolder((folder) => {
    const written = place(folder, all);
    const read = filesOf(apart(folder, `${AROUND} nginx -T 2>/dev/null`));
    for (const [path, text] of written) expect([path, read.get(path)]).toEqual([path, text]);

    const asked = all.flatMap(({ id, names, publicDirectory }) =>
      names.flatMap((host) =>
        (['port', 'probes'] as const).map((to) => ({
          question: { to, host },
          answer: `${to} ${names[0]} /etc/sculptor/sites/${id} ${publicDirectory}`,
        })),
      ),
    );
    expect(
      answers(
        folder,
        asked.map(({ question }) => question),
      ),
    ).toEqual(asked.map(({ answer }) => answer));
    parsedBack('nginx', all.length);
  });
});

test('a name that is nearly a site’s goes to the generic server block, and only as a name', () => {
  const all = sites(60);
  const taken = new Set<string>(all.flatMap(({ names }) => names));
  const hosts = [...taken]
    .slice(0, 200)
    .flatMap((name) => [`x${name}`, `${name}x`, name.slice(1), `*.${name}`, `${name}:80`]);
  const others = hosts.filter((host) => !taken.has(host.replace(/:80$/, '')) && !/^[.-]/.test(host));
  const isHost =
    /^(?=.{1,80}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
  withFolder((folder) => {
    place(folder, all);
    const got = answers(
      folder,
      others.map((host) => ({ to: 'port', host })),
    );
    expect(got).toEqual(
      others.map((host) => `port _ /etc/sculptor/hosts/${isHost.test(host) ? host : ''} public`),
    );
  });
});

test('the server block of the API is for the server’s name alone, whatever that is', () => {
  const names = domainNames(60);
  withFolder((folder) => {
    place(folder, []);
    rmSync(`${folder}/conf/agent/api.conf`);
    // The installer's own function fills it in.
    const fill = `. scripts/install/ensure.sh; number=0
      while read -r name; do
        number=$((number + 1)); filled systemd/nginx/agent/api.conf "serverName=$name" >"$1/conf/agent/$number.conf"
      done`;
    must('/bin/bash', ['-euc', fill, 'bash', folder], `${names.join('\n')}\n`);
    expect(readdirSync(`${folder}/conf/agent`)).toHaveLength(names.length);
    const got = answers(
      folder,
      names.map((host) => ({ to: 'port', host })),
    );
    expect(got).toEqual(names.map((name) => `https://${name}/x`));
    parsedBack('nginx', names.length);
  });
});

test('chance makes sites that need a server block of their own, and sites that do not', () => {
  const needing = sites(250).filter(needsServerBlock).length;
  expect(needing).toBeGreaterThan(50);
  expect(needing).toBeLessThan(245);
});
