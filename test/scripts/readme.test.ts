import { blocksOf, jsonDocuments, shapeOf, unmarkedShellBlocks } from './commands.ts';
import { cut, quoted, tell, type Story } from './throwaway.ts';

/*
 * A fresh server, and nothing but the commands that the documents tell a stranger to type, in the order in which they
 * are read. The first of them is run twice.
 */

const DOCUMENTS = [
  'README.md',
  'docs/api.md',
  'docs/sites.md',
  'docs/certificates.md',
  'docs/cache.md',
  'docs/php.md',
  'docs/sftp.md',
  'docs/programs.md',
  'docs/crons.md',
  'docs/runs.md',
  'docs/tenants.md',
  'docs/drift.md',
  'docs/webhooks.md',
  'docs/operating.md',
];
const SERVICES =
  "systemctl show --property=Id,MainPID,ActiveEnterTimestamp 'sculptor-*.service' nginx mariadb";
const STAYS = [
  'sculptorctl domain create stays.example --type static',
  'echo stayed | runuser -u "s-$(sculptorctl domain show stays.example --json | sed -n \'s/^ *"id": "\\(.*\\)",$/\\1/p\')" -- tee /home/www/stays.example/public/index.html',
];
const VISIT = "curl --silent --header 'Host: stays.example' http://127.0.0.1/";

let story: Story;

function script(): string {
  const [first = '', ...rest] = DOCUMENTS.map(shellOf);
  const install = blocksOf('README.md')[0]?.text ?? '';
  return [
    `cd /usr/src/sculptor-agent`,
    ...[cut('first'), install, cut('before'), SERVICES, cut('second'), install, cut('after'), SERVICES],
    ...[cut('others'), ...STAYS],
    first,
    ...rest,
    ...[cut('last'), VISIT, cut('end')],
  ].join('\n');
}

/** A shell of its own for each document, as its reader has one, but for the installation at its head. */
function shellOf(file: string): string {
  const commands = blocksOf(file).filter(({ kind, id }) => kind === 'server' && id !== 'README.md#0');
  const lines = commands.flatMap(({ id, text }) => [cut(id), text]);
  return `bash -euo pipefail -c ${quoted(lines.join('\n'))}\n${cut(`${file} ended`)}`;
}

function part(name: string): string {
  const text = story.parts.get(name);
  if (text === undefined) throw new Error(`it did not come to ${name}:\n${story.all.slice(-4_000)}`);
  return text;
}

beforeAll(() => {
  story = tell(['run', '--fresh'], script());
}, 1_500_000);

test('the commands of the documents end well, to the last', () => {
  part('end');
  expect(story.code).toBe(0);
});

test('the first command installs, and shows a PHP page that speaks with its own database', () => {
  expect(part('first')).toMatch(/^created +\/usr\/lib\/sculptor\/app\/$/m);
  expect(part('first')).toMatch(/^ +✔ ask demo\.example +unchanged +\d/m);
  expect(part('first')).toContain('Hello from demo.example');
  expect(part('first')).toMatch(/^ *MariaDB \S+ knows it as demo@localhost, in the database demo$/m);
});

test('and shows that www-data reads no credential, has no sudo, and ends no operation', () => {
  const refused = part('first').slice(part('first').indexOf('What www-data'));
  expect(refused).toMatch(/cat \/var\/lib\/sculptor\/mariadb\.json\n.*Permission denied/);
  expect(refused).toMatch(/sudo -n true\n.*sudo: /);
  expect(refused).toMatch(/UPDATE operation [^]*UPDATE command denied to user 'www-data'@'localhost'/);
});

test('run again it finds everything as it should be, and restarts nothing', () => {
  part('before');
  expect(part('second').match(/^(created|changed) .*$/gm)).toBeNull();
  expect(part('second')).toMatch(/^unchanged +\/usr\/lib\/sculptor\/app\/$/m);
  expect(part('second').match(/^Nothing (?:has|had) to (?:be )?changed?\b.*$/gm)).toHaveLength(2);
  expect(part('after')).toBe(part('before'));
});

test.each(DOCUMENTS.flatMap((file) => answersOf(file)))(
  'the answer that %s shows is the one that comes',
  (_, asked, shown) => {
    const answer = jsonDocuments(part(asked)).at(-1);
    expect(shapeOf(answer)).toEqual(shapeOf(JSON.parse(shown)));
  },
);

function answersOf(file: string): (readonly [string, string, string])[] {
  const blocks = blocksOf(file);
  return blocks.flatMap(({ id, kind, text }, at) =>
    kind === 'answer' ? [[id, blocks[at - 1]?.id ?? '', text] as const] : [],
  );
}

test('the page that the README places is shown', () => {
  expect(story.all).toContain('Hello from shop.example');
});

test('after the agent was taken off, a site is still served', () => {
  expect(part('last').trim()).toBe('stayed');
});

test.each([
  'README.md',
  'CONTRIBUTING.md',
  'docs/api.md',
  'docs/cache.md',
  'docs/certificates.md',
  'docs/drift.md',
  'docs/operating.md',
  'docs/privilege-separation.md',
  'docs/crons.md',
  'docs/programs.md',
  'docs/runs.md',
  'docs/sites.md',
  'docs/sftp.md',
  'docs/tenants.md',
  'docs/mysql.md',
])('every shell block of %s says where it is run', (file) => {
  expect(unmarkedShellBlocks(file)).toEqual([]);
});
