import { charsetOf, COLLATIONS } from '../../contract/collations.ts';
import type { Charset, Collation } from '../../contract/collations.ts';
import type { ServerId } from '../../contract/ids.ts';
import type { Sql } from '../../state/connection.ts';
import { invalidInput } from '../problems.ts';
import { readDatabasesFact } from '../server/facts.ts';

export interface CharacterSet {
  readonly charset: Charset;
  readonly collation: Collation;
}

type Wanted = { readonly [K in keyof CharacterSet]?: CharacterSet[K] | undefined };

/** What every server of every kind has, and a database gets where nothing is asked for. */
const USUAL: CharacterSet = { charset: 'utf8mb4', collation: 'utf8mb4_unicode_ci' };

/** The character set a database gets: what was asked for if the server has it, or what it has. */
export async function chooseCharacterSet(
  sql: Sql,
  server: ServerId,
  { wanted, standing = USUAL }: { readonly wanted: Wanted; readonly standing?: CharacterSet },
): Promise<CharacterSet> {
  const chosen = complete(wanted) ?? standing;
  if (chosen.collation === standing.collation) return chosen;
  const { collations } = await readDatabasesFact(sql, server);
  if (!collations.includes(chosen.collation)) throw refuse(wanted, collations);
  return chosen;
}

function complete({ charset, collation }: Wanted): CharacterSet | undefined {
  if (collation !== undefined) return { charset: charsetOf(collation), collation };
  return charset === undefined ? undefined : { charset, collation: COLLATIONS[charset][0] };
}

function refuse({ charset, collation }: Wanted, there: readonly Collation[]) {
  const alike = charset ?? (collation === undefined ? 'utf8mb4' : charsetOf(collation));
  const others = there.filter((each) => charsetOf(each) === alike);
  return invalidInput([
    {
      field: collation === undefined ? 'charset' : 'collation',
      message: 'The database server has none of this name.',
      expected: `one of ${(others.length > 0 ? others : there).join(', ')}`,
    },
  ]);
}
