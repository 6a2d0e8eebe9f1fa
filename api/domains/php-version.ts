import { runsPhp, type Domain, type SiteType } from '../../contract/domains.ts';
import type { ServerId } from '../../contract/ids.ts';
import type { PhpVersion } from '../../contract/names.ts';
import type { Sql } from '../../state/connection.ts';
import { invalidInput } from '../problems.ts';
import type { ProblemError } from '../problems.ts';
import { readPhpFact } from '../server/facts.ts';

export interface PhpQuestion {
  readonly wanted: { readonly type?: SiteType | undefined; readonly phpVersion?: PhpVersion | undefined };
  /** The domain as it is, when it is changed. */
  readonly standing?: Pick<Domain, 'type' | 'phpVersion'>;
}

/** The version a domain gets: the one asked for if it is installed, the one it has, or the server's newest. */
export async function choosePhpVersion(
  sql: Sql,
  server: ServerId,
  { wanted, standing }: PhpQuestion,
): Promise<PhpVersion | null> {
  const type = wanted.type ?? standing?.type;
  if (type !== undefined && !runsPhp(type)) {
    if (wanted.phpVersion !== undefined)
      throw refuse(`A site of the type ${type} has no PHP.`, 'no phpVersion, or type php');
    return null;
  }
  if (wanted.phpVersion === undefined && standing !== undefined && standing.phpVersion !== null)
    return standing.phpVersion;
  const { versions, default: newest } = await readPhpFact(sql, server);
  const chosen = wanted.phpVersion ?? newest;
  const expected =
    versions.length === 0 ? 'type static: no PHP is installed here' : `one of ${versions.join(', ')}`;
  if (chosen === null || !versions.includes(chosen))
    throw refuse('This PHP version is not installed on the server.', expected);
  return chosen;
}

function refuse(message: string, expected: string): ProblemError {
  return invalidInput([{ field: 'phpVersion', message, expected }]);
}
