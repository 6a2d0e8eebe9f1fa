import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { jsonOf } from '../../../contract/json-text.ts';
import { MailSettings } from '../../../contract/mail.ts';
import { NoticeSettings } from '../../../contract/mail-notices.ts';
import { paths } from '../system/paths.ts';
import { note, warning, wrong, type Check, type Found } from './finding.ts';
import { ownerOf, type People } from './people.ts';
import { askAgain, standing, type Standing } from './standing.ts';

const RESTART = 'Run systemctl restart sculptor-mailer, or supervisorctl restart sculptor-mailer.';
const AGAIN = 'Run sculptorctl mail set again.';
const NOTIFY_AGAIN = 'Remove it, and say anew who is told: sculptorctl mail notify.';
const INSTALL = 'Run scripts/install.sh --yes.';
/** Something has kept it from its host for longer than a host is restarted. */
const PATIENCE_MS = 4 * 3_600_000;

/** Who reaches the mailer and as whom, who knows the host's password, and whether what was taken goes out. */
export const mail: Check = async (server) => {
  const [people, { entries }] = [await server.people(), await server.registry()];
  const senders = standing(entries).filter(
    ({ isolation, settings, suspended }) => isolation === 'site' && settings.enabled && !suspended,
  );
  return [
    ...settings(people),
    ...told(people),
    ...senders.flatMap((site) => way(people, site)),
    ...ownWay(people),
    ...asItShould(people, `${paths.mailFolders}/pool/socket`, {
      rights: 'sculptor-mail:www 660',
      mend: RESTART,
    }),
    ...nobodys(senders),
    ...waiting(server.now()),
  ];
};

function settings(people: People): readonly Found[] {
  const path = paths.mailSettings;
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    return [note('No mail of sites goes out: no host is set.')];
  const rights = asItShould(people, path, { rights: 'root:sculptor-mail 640', mend: AGAIN });
  const parsed = MailSettings.safeParse(jsonOf(readFileSync(path, 'utf8')));
  if (!parsed.success) return [...rights, wrong(`${path} cannot be understood: no mail goes out.`, AGAIN)];
  return parsed.data.submission === null
    ? [...rights, note('No mail of sites goes out: it is switched off.')]
    : rights;
}

function told(people: People): readonly Found[] {
  const path = paths.noticeSettings;
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined)
    return [note('Nobody is told by mail of what happens on this server.')];
  const rights = asItShould(people, path, { rights: 'root:sculptor-mail 640', mend: NOTIFY_AGAIN });
  const parsed = NoticeSettings.safeParse(jsonOf(readFileSync(path, 'utf8')));
  if (!parsed.success)
    return [...rights, wrong(`${path} cannot be understood: nobody is told.`, NOTIFY_AGAIN)];
  return parsed.data.recipients.length === 0
    ? [...rights, note('Nobody is told by mail of what happens on this server.')]
    : rights;
}

/** The way of www-data, whose letters go to root's recipients alone. */
function ownWay(people: People): readonly Found[] {
  const folder = `${paths.mailFolders}/agent`;
  const found = asItShould(people, folder, { rights: 'sculptor-mail:www-data 2750', mend: INSTALL });
  if (found.length > 0) return found;
  return asItShould(people, paths.mailDoor, { rights: 'sculptor-mail:www-data 660', mend: RESTART });
}

function way(people: People, site: Standing): readonly Found[] {
  const folder = paths.mailFolder(site.id);
  const found = asItShould(people, folder, {
    rights: `sculptor-mail:${site.user} 2750`,
    mend: askAgain(site),
  });
  if (found.length > 0) return found;
  return asItShould(people, `${folder}/socket`, { rights: `sculptor-mail:${site.user} 660`, mend: RESTART });
}

function asItShould(
  people: People,
  path: string,
  { rights, mend }: { readonly rights: string; readonly mend: string },
): readonly Found[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [wrong(`${path} is not there.`, mend)];
  const is = `${ownerOf(people, stats)} ${(stats.mode & 0o7777).toString(8)}`;
  return is === rights ? [] : [wrong(`${path} is ${is} and should be ${rights}.`, mend)];
}

/** A way that is left behind lets somebody send who should not. */
function nobodys(senders: readonly Standing[]): readonly Found[] {
  const known = new Set<string>(['pool', 'agent', ...senders.map(({ id }) => id)]);
  return readdirSync(paths.mailFolders)
    .filter((name) => !known.has(name))
    .map((name) =>
      wrong(
        `${paths.mailFolders}/${name} is the way of no site that may send mail.`,
        'Look who made it, and remove it.',
      ),
    );
}

function waiting(now: Date): readonly Found[] {
  const ages = readdirSync(paths.mailSpool)
    .filter((name) => name.endsWith('.eml'))
    .flatMap((name) => lstatSync(`${paths.mailSpool}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? [])
    .filter((since) => now.getTime() - since > PATIENCE_MS);
  if (ages.length === 0) return [];
  return [
    warning(
      `${ages.length} messages wait for the mail host since more than four hours.`,
      'Look why: journalctl -u sculptor-mailer, or /var/log/sculptor/mailer.log.',
    ),
  ];
}
