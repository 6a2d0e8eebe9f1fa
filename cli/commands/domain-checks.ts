import type { Command } from 'commander';
import { action, present } from '../action.ts';
import { SiteChecks } from '../answers.ts';
import { understand } from '../client.ts';
import { path, type OpenSession } from '../session.ts';
import { listing } from '../table.ts';

export function addChecksCommand(domain: Command, open: OpenSession): void {
  domain
    .command('checks')
    .description('How a website answered when the server asked it last.')
    .argument('<domain>', 'its id or its name')
    .action(
      action(open, async (session, [id]) => {
        const document = await session.client.get(path`/v1/domains/${id}/checks`);
        present(session, document, () => checked(understand(SiteChecks, document)));
      }),
    );
}

function checked({ latest }: SiteChecks): readonly string[] {
  if (latest === null) return ['it was not asked yet, or sleeps, or is not to be asked'];
  const { status, milliseconds, certificate, checkedAt } = latest;
  return listing([
    ['asked', checkedAt],
    ['status', status === null ? 'no answer' : String(status)],
    ['answered after', `${milliseconds} ms`],
    [
      'certificate',
      certificate === null
        ? 'none'
        : `until ${certificate.ends}${certificate.shown ? '' : ', and another one is shown'}`,
    ],
  ]);
}
