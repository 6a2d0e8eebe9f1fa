import { FailureError } from '../../../contract/failures.ts';
import type { Accounts } from './accounts.ts';

/** nginx's group, through which it reads what a site serves, and its certificates. */
export async function nginxGroup(accounts: Pick<Accounts, 'findGroup'>): Promise<number> {
  const gid = await accounts.findGroup('nginx');
  if (gid !== null) return gid;
  throw new FailureError(
    'server_broken',
    'The group nginx is not there.',
    'Run the installation on the server again: it makes what is missing.',
  );
}
