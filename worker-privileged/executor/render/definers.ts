const NAME = '`(?:[^`]|``)*`';
const DEFINER = `DEFINER=${NAME}(?:@${NAME})?`;

/** Where `mariadb-dump` writes who defined a view, and who defined a program. */
const OF_VIEW = new RegExp(`^(/\\*!50013 )${DEFINER}`);
const OF_PROGRAM = new RegExp(`^((?:/\\*!\\d{5,6} CREATE\\*/ /\\*!\\d{5,6} |CREATE ))${DEFINER}`);

const PROGRAM_BEGINS = /^DELIMITER ;;+$/;
const PROGRAM_ENDS = 'DELIMITER ;';

/**
 * Makes an account the definer of all that a dump defines, line by line: it is the account that plays the dump back,
 * and MariaDB lets nobody name another. The body of a program is left as it stands. What is not written as
 * `mariadb-dump` writes it passes as it is, and MariaDB refuses it.
 */
export function createDefinerRewriter(account: string): (line: string) => string {
  const own = `$1DEFINER=\`${account}\`@\`localhost\``;
  let place: 'between' | 'head' | 'body' = 'between';
  return (line) => {
    if (place === 'between') {
      if (PROGRAM_BEGINS.test(line)) place = 'head';
      return line.replace(OF_VIEW, own);
    }
    if (line === PROGRAM_ENDS) place = 'between';
    if (place !== 'head' || !OF_PROGRAM.test(line)) return line;
    place = 'body';
    return line.replace(OF_PROGRAM, own);
  };
}
