import { existsSync, readFileSync } from 'node:fs';
import { createDomain, ready, unique } from '../machine/agent.ts';
import { must, visit } from '../machine/server.ts';
import { accepted, refused } from './attempt.ts';
import { foundIn, journalText, redisText } from './search.ts';
import { API, as, createSite, NGINX, shellOf, sqlAs, WWW, type Site, type Thief } from './thieves.ts';

/* Rows 4 and 44: what lets a site's visitors in, and root's own lines for a site. */

const PASSWORD = 'a password of visitors';
let hash: string;
let guarded: { readonly id: string; readonly name: string };
let neighbour: Site;

beforeAll(async () => {
  await ready();
  hash = must('openssl', ['passwd', '-6', '-stdin'], `${PASSWORD}\n`).trim();
  const users = [{ name: 'anna', passwordHash: hash }];
  guarded = await createDomain({ name: `${unique('guarded')}.example`, options: { basicAuth: { users } } });
  neighbour = await createSite();
});

const file = () => `/etc/nginx/sculptor/visitors/${guarded.id}`;
const read = (thief: Thief, path: string) => as(thief, '/bin/cat', path).out;

test('row 44: who visits a site by what hash is read by no site, not by the API, and stands in no log', async () => {
  const owner: Thief = {
    ...shellOf(neighbour),
    name: 'its own site',
    user: `s-${guarded.id}`,
    group: `s-${guarded.id}`,
  };
  const sites = [owner, shellOf(neighbour), WWW, API];
  await refused(44, [
    ...sites.map((thief) => ({ what: thief.name, act: () => read(thief, file()), refusal: '' })),
    {
      what: 'the API, in the state',
      act: () => sqlAs(API, ['SELECT password_hash FROM sculptor.visitor_hash']),
      refusal: ['ERROR 1142'],
    },
  ]);
  const sought = [
    { what: 'the hash', text: hash },
    { what: 'the password', text: PASSWORD },
  ];
  await visit(guarded.name, '/', {
    headers: { authorization: `Basic ${Buffer.from(`anna:${PASSWORD}`).toString('base64')}` },
  });
  const logs = must('/bin/sh', ['-c', 'cat /var/log/sculptor/nginx/*.log /var/lib/sculptor-root/audit.log']);
  expect(foundIn('journal', journalText(), sought)).toEqual([]);
  expect(foundIn('logs', logs, sought)).toEqual([]);
  expect(foundIn('Redis', redisText(), sought)).toEqual([]);
});

test('row 44: who has nginx’s worker reads the hashes, which is why they have to cost a guesser something', () => {
  expect(read(NGINX, file())).toBe(readFileSync(file(), 'utf8'));
  accepted(44);
});

test('row 4: nobody but root puts a line beside a site’s server block', async () => {
  const places = [
    `/etc/sculptor/snippets/${guarded.name}`,
    '/etc/sculptor/snippets/x',
    `/etc/nginx/sculptor/snippets/${guarded.id}-x.conf`,
    `${file()}.new`,
  ];
  const thieves = [shellOf(neighbour), WWW, API, NGINX];
  await refused(
    4,
    thieves.flatMap((thief) =>
      places.map((path) => ({
        what: `${thief.name} at ${path}`,
        act: () => [as(thief, '/bin/mkdir', path).code === 0, existsSync(path)],
        refusal: [false, false],
      })),
    ),
  );
});
