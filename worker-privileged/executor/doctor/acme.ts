import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { AcmeSettings } from '../../../contract/acme.ts';
import { jsonOf } from '../../../contract/json-text.ts';
import { paths } from '../system/paths.ts';
import { note, warning, wrong, type Check, type Found } from './finding.ts';
import { ownerOf, type People } from './people.ts';
import { namesIn } from './server.ts';

const AGAIN = 'Run sculptorctl acme set again.';
const WANTED = '/etc/sculptor/acme/wanted';
const CHALLENGES = `${paths.webroot}/.well-known/acme-challenge`;
const OTHERS = '/etc/letsencrypt/renewal';
/** It is ended after ten minutes. */
const PATIENCE_MS = 3_600_000;

/** Certificates by ACME: which authority, who may speak with it, and what lies where every site answers from. */
export const acme: Check = async (server) => {
  const [people, now] = [await server.people(), server.now().getTime()];
  return [
    ...settings(people),
    ...(lstatSync('/usr/bin/certbot', { throwIfNoEntry: false }) ? [] : [wrong('certbot is not there.')]),
    ...challenges(people),
    ...leftBehind(now),
    ...renewedByOthers(),
  ];
};

function settings(people: People): readonly Found[] {
  if (lstatSync(paths.acmeSettings, { throwIfNoEntry: false }) === undefined)
    return [note('No site gets a certificate by ACME: no authority is set.')];
  const parsed = AcmeSettings.safeParse(jsonOf(readFileSync(paths.acmeSettings, 'utf8')));
  return [
    ...[paths.acmeSettings, paths.acmeRoots].flatMap((path) => rights(people, path)),
    ...(parsed.success ? [] : [wrong(`${paths.acmeSettings} cannot be understood.`, AGAIN)]),
  ];
}

function rights(people: People, path: string): readonly Found[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const is = `${ownerOf(people, stats)} ${(stats.mode & 0o7777).toString(8)}`;
  const should = 'root:sculptor-acme 640';
  return is === should ? [] : [wrong(`${path} is ${is} and should be ${should}.`, AGAIN)];
}

/** Every site answers with what is there: files of certbot's user, and nothing that leads elsewhere. */
function challenges(people: People): readonly Found[] {
  return readdirSync(CHALLENGES).flatMap((name) => {
    const stats = lstatSync(`${CHALLENGES}/${name}`, { throwIfNoEntry: false });
    if (stats === undefined || (stats.isFile() && ownerOf(people, stats).startsWith('sculptor-acme:')))
      return [];
    return [wrong(`${CHALLENGES}/${name} is not a file of certbot's.`, 'Look who made it, and remove it.')];
  });
}

function leftBehind(now: number): readonly Found[] {
  return namesIn(WANTED)
    .filter(
      (name) =>
        now - (lstatSync(`${WANTED}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? now) > PATIENCE_MS,
    )
    .map((name) =>
      warning(
        `A certificate for ${name} is being asked for since more than an hour.`,
        `Look at journalctl -u sculptor-certbot@${name}.`,
      ),
    );
}

/** The distribution's timer renews what is in its folder, as root. */
function renewedByOthers(): readonly Found[] {
  return namesIn(OTHERS)
    .filter((name) => readFileSync(`${OTHERS}/${name}`, 'utf8').includes(paths.webroot))
    .map((name) =>
      wrong(
        `${OTHERS}/${name} has the distribution's certbot write where the sites answer from.`,
        `Run certbot delete --cert-name ${name.replace(/\.conf$/, '')}.`,
      ),
    );
}
