import { z } from 'zod';

/** C0 and C1 controls, DEL, the line ends of Unicode, halves of pairs: no word or value of a program holds one. */
const CONTROL = /[\p{Cc}\u2028\u2029\p{Cs}]/u;

const text = (most: number) =>
  z
    .string()
    .max(most)
    .refine((value) => !CONTROL.test(value), 'text without control characters, ends of lines among them');

const LONGEST_WORD = 4096;
/** Together with the environment this fits into one request to the executor, however it is escaped there. */
const MOST_TEXT = 8192;

/**
 * A program and its arguments, word by word: no shell reads them, so a `$`, a `*` or a blank is just that. The first
 * is a path, or a name that is looked up in the site's PATH; with a `=` in it, it could be taken for a variable.
 */
export const ProgramWords = z
  .tuple([
    text(LONGEST_WORD).refine(
      (word) => word !== '' && !word.startsWith('-') && !word.includes('='),
      'a program: a name or a path, without = and not beginning with -',
    ),
  ])
  .rest(text(LONGEST_WORD))
  .refine((words) => words.length <= 100, 'at most 100 words')
  .refine((words) => sizeOf(words) <= MOST_TEXT, `words of at most ${MOST_TEXT} bytes together`);
export type ProgramWords = z.infer<typeof ProgramWords>;

/** What the agent sets itself. With the loader's, a program would no longer be the one that is named. */
const OWN_VARIABLES: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'PWD',
]);
const OWN_PREFIX = /^(?:LD_|GLIBC_|SCULPTOR_)/;

export const ProgramVariable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a name such as APP_ENV: letters, digits and _')
  .refine(
    (name) => !OWN_VARIABLES.has(name) && !OWN_PREFIX.test(name),
    'a name that the server does not set itself',
  );

/** Variables of a program's environment. They are shown to whoever may read the program. */
export const ProgramEnvironment = z
  .record(ProgramVariable, text(LONGEST_WORD))
  .refine((variables) => Object.keys(variables).length <= 50, 'at most 50 variables')
  .refine(
    (variables) => sizeOf(Object.entries(variables).flat()) <= MOST_TEXT,
    `at most ${MOST_TEXT} bytes together`,
  );
export type ProgramEnvironment = z.infer<typeof ProgramEnvironment>;

/** Below the site's folder, from where a program starts; empty for the folder itself. */
export const WorkingDirectory = z
  .string()
  .max(200)
  .regex(
    /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,63}(?:\/[A-Za-z0-9_.][A-Za-z0-9._-]{0,63}){0,9})?$/,
    'a folder below the site’s own such as private/app: letters, digits, dots, _ and -; empty for its own',
  )
  .refine(
    (path) => !path.split('/').some((part) => /^\.+$/.test(part)),
    'a folder without . and .. in its path',
  )
  .refine((path) => !path.includes('..'), 'a folder without two dots in a row in its name');
export type WorkingDirectory = z.infer<typeof WorkingDirectory>;

/** Within what all of the site may take together. Null: no other bound than that. */
export const ProgramLimits = z.strictObject({
  /** Of each process, in MiB. */
  memoryMb: z.int().min(16).max(65_536).nullable().default(null),
  /** Of each process, in percent of one processor. */
  cpuPercent: z.int().min(1).max(6400).nullable().default(null),
});
export type ProgramLimits = z.infer<typeof ProgramLimits>;

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, each) => sum + new TextEncoder().encode(each).length + 1, 0);
}
