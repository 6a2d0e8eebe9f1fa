import { wrong, type Check, type Found } from './finding.ts';
import { findLoose } from './loose.ts';
import { readOwnAccounts } from './own-users.ts';
import { namesIn } from './server.ts';

const ROOTS = [
  '/etc/crontab',
  '/etc/cron.d',
  '/etc/cron.hourly',
  '/etc/cron.daily',
  '/etc/cron.weekly',
  '/etc/cron.monthly',
];
const CRONTABS = '/var/spool/cron/crontabs';

/** What is started by the clock as root, or as one of ours. */
export const jobs: Check = async (server) => {
  const people = await server.people();
  const own = new Set((await readOwnAccounts()).users.map(({ name }) => name));
  return [
    ...ROOTS.flatMap((path) => findLoose(people, path)),
    ...namesIn(CRONTABS)
      .filter((name) => own.has(name) || name.startsWith('s-'))
      .map((name) => crontab(name)),
  ];
};

function crontab(user: string): Found {
  return wrong(
    `${CRONTABS}/${user} has jobs of ${user}, which the agent did not make.`,
    `Run crontab -r -u ${user}.`,
  );
}
