import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { ready } from '../machine/agent.ts';
import { must, page, place, sculptorctl } from '../machine/server.ts';
import { refused } from './attempt.ts';
import { API, as, createSite, NGINX, SCULPTOR, shellOf, WWW, type Site, type Thief } from './thieves.ts';

/* Rows 9, 10 and 12 for certificates by ACME: who writes where every site answers from, and what certbot is told. */

/** Who has taken certbot over, without the sandbox of its unit, which is more than he would get. */
const CERTBOT: Thief = {
  name: 'certbot',
  user: 'sculptor-acme',
  group: 'sculptor-acme',
  groups: [],
  stolen: () => ({}),
};

const CHALLENGES = '/var/lib/sculptor-acme/webroot/.well-known/acme-challenge';
const SETTINGS = '/etc/sculptor/acme/settings.json';
const WANTED = '/etc/sculptor/acme/wanted';
const ASKED = `${WANTED}/a1b2c3d4e5f6`;

let site: Site;
let shell: Thief;

beforeAll(async () => {
  await ready();
  must('sculptorctl', ['acme', 'set', '--email', 'admin@host.example', '--agree-tos']);
  site = await createSite();
  shell = shellOf(site);
});
afterAll(() => void must('sculptorctl', ['acme', 'off']));

const fails = (thief: Thief, ...words: readonly [string, ...string[]]) => ({
  what: `${thief.name}: ${words.join(' ')}`,
  act: () => as(thief, ...words).code !== 0,
  refusal: true,
});

test('row 12: nobody but certbot puts anything where every site answers from, or lists what is there', async () => {
  const thieves = [shell, WWW, NGINX, API, SCULPTOR];
  await refused(
    12,
    thieves.flatMap((thief) => [
      fails(thief, 'touch', `${CHALLENGES}/of-a-thief`),
      fails(thief, 'ln', '-s', '/etc/sculptor/admin-token', `${CHALLENGES}/of-a-thief`),
      fails(thief, 'ls', CHALLENGES),
      fails(thief, 'cat', SETTINGS),
      fails(thief, 'touch', `${WANTED}/of-a-thief`),
      fails(thief, 'ls', '/var/lib/sculptor-acme/own'),
    ]),
  );
});

test('row 10: who has certbot cannot put another folder in the place of root’s, nor ask for a certificate', async () => {
  mkdirSync(ASKED, { mode: 0o750 });
  writeFileSync(`${ASKED}/answer`, '');
  must('chown', ['-R', 'root:sculptor-acme', ASKED]);
  chmodSync(`${ASKED}/answer`, 0o660);
  await refused(10, [
    fails(CERTBOT, 'mv', CHALLENGES, `${CHALLENGES}-away`),
    fails(CERTBOT, 'touch', '/var/lib/sculptor-acme/webroot/index.html'),
    fails(CERTBOT, 'rm', '-f', `${ASKED}/answer`),
    fails(CERTBOT, 'ln', '-sf', '/etc/shadow', `${ASKED}/answer`),
    fails(CERTBOT, 'touch', `${ASKED}/request.pem`),
    fails(CERTBOT, 'tee', SETTINGS),
    fails(CERTBOT, 'ls', '/etc/sculptor/secrets'),
    fails(CERTBOT, 'cat', '/etc/sculptor/admin-token'),
    fails(CERTBOT, 'ls', '/var/lib/sculptor-root'),
    fails(CERTBOT, 'ls', `${site.home}/private`),
  ]);
  rmSync(ASKED, { recursive: true });
});

test('row 12: nginx follows no link that certbot was made to leave, and never looks into the site', async () => {
  symlinkSync('/etc/passwd', `${CHALLENGES}/link`);
  place(site.user, `${site.home}/public/.well-known/acme-challenge/own`, 'of the site');
  const folder = `${site.home}/public/.well-known/acme-challenge`;
  must('runuser', ['-u', site.user, '--', 'ln', '-s', '/etc/passwd', `${folder}/passwd`]);
  const status = async (path: string) =>
    String((await page(site.name, `/.well-known/acme-challenge/${path}`))[0]);
  await refused(
    12,
    [
      ...['own', 'passwd', '..%2f..%2findex.php', '../../../index.html', 'own/../own'].map((path) => ({
        what: path,
        act: async () => status(path),
        refusal: expect.stringMatching(/^40[04]$/) as unknown,
      })),
      ...['link', ''].map((path) => ({ what: path, act: async () => status(path), refusal: '403' })),
    ],
    [site.home],
  );
  rmSync(`${CHALLENGES}/link`);
});

test('row 9: no word of root’s command is a line of certbot’s settings', async () => {
  const words = (...more: readonly string[]) => ['acme', 'set', '--agree-tos', ...more];
  const email = ['--email', 'admin@host.example'];
  const tried = [
    words('--email', 'a@b.example\npre-hook = /usr/bin/id'),
    words('--email', '--pre-hook=/usr/bin/id'),
    words(...email, '--directory', 'https://acme.example/\nmanual-auth-hook=/usr/bin/id'),
    words(...email, '--directory', 'https://acme.example/[a,b]'),
  ];
  await refused(
    9,
    tried.map((each) => ({
      what: JSON.stringify(each),
      act: () => sculptorctl(...each).code !== 0,
      refusal: true,
    })),
  );
});
