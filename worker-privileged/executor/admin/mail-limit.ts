import { UsageError, type AdminRequest } from './command.ts';
import { findSite, readDomainWord } from './domain-word.ts';
import { changeMail } from './mail-change.ts';
import { readPerHour } from './mail-set.ts';

/** Another number for one site than for the others. */
export function limitMail([domain = '', number, ...more]: readonly string[]): AdminRequest {
  const word = readDomainWord([domain]);
  if (number === undefined || more.length > 0)
    throw new UsageError('it wants a domain, and how many recipients an hour, or default');
  const most = number === 'default' ? null : readPerHour(number);
  return {
    subject: `limit ${domain} ${number}`,
    act: async ({ system }) => {
      const parts = await system();
      const { id } = await findSite(parts.registry, word);
      return changeMail(parts, ({ perHourOf, ...before }) => {
        const others = Object.fromEntries(Object.entries(perHourOf).filter(([site]) => site !== id));
        return Promise.resolve({ ...before, perHourOf: most === null ? others : { ...others, [id]: most } });
      });
    },
  };
}
