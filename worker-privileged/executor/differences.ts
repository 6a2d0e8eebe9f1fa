import {
  MOST_DIFFERENCES,
  MOST_FILES,
  MOST_OF_A_DIFF,
  type Difference,
  type FileDifference,
} from '../../contract/drift.ts';
import { FailureError } from '../../contract/failures.ts';
import type { Step } from './ensure.ts';
import { renderUnifiedDiff } from './render/unified-diff.ts';
import type { Files } from './system/files.ts';
import { ForeignPathError } from './system/own-path.ts';
import { strayOf } from './look-at-files.ts';
import { WouldChangeError } from './system/looking-only.ts';
import type { WantedFile } from './wanted-files.ts';

type Looks = Pick<Files, 'read' | 'readLink' | 'stray' | 'isClosed'>;

/**
 * `refuse`: what a step refuses is refused. `tell`: it is told among the differences, so that the other steps are looked
 * at too.
 */
export type Refusals = 'refuse' | 'tell';

/** In octets: an answer is one line, which has its limit. */
const MOST_IN_ALL = 250_000;

/** What the steps would change, with the files of it. Looking changes nothing, and no change is called. */
export async function differencesOf(
  files: Looks,
  steps: readonly Step[],
  refusals: Refusals,
): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  let room = MOST_IN_ALL;
  for (const step of await flat(steps)) {
    const isAfter = found.length > 0;
    const words = await wordsOf(step, refusals, isAfter);
    if (words === null || found.length === MOST_DIFFERENCES) continue;
    const all = await filesOf(files, step, refusals === 'tell' || isAfter);
    const shown = all.slice(0, MOST_FILES).map((file) => {
      const octets = Buffer.byteLength(JSON.stringify(file));
      if (octets > room) return { ...file, diff: null };
      room -= octets;
      return file;
    });
    const left = all.length - shown.length;
    const said = left === 0 ? words : `${words}, and of ${left} more files`;
    found.push({ step: step.name.slice(0, 100), words: clip(said, 500), files: shown });
  }
  return found;
}

/** A step that stands for several is looked at as these; as itself where what they are of is not there yet. */
async function flat(steps: readonly Step[]): Promise<readonly Step[]> {
  const all: Step[] = [];
  for (const step of steps) {
    const within = (await step.within?.().catch(() => undefined)) ?? null;
    all.push(...(within === null ? [step] : await flat(within)));
  }
  return all;
}

async function wordsOf(step: Step, refusals: Refusals, isAfter: boolean): Promise<string | null> {
  try {
    return await step.look();
  } catch (cause) {
    if (refusals === 'tell' && (cause instanceof FailureError || cause instanceof ForeignPathError))
      return cause.message;
    const isTold = [FailureError, ForeignPathError, WouldChangeError].some((kind) => cause instanceof kind);
    // Else what it looks at comes about by a step before it.
    if (isTold || !isAfter) throw cause;
    return 'it would be made once what comes before it is there';
  }
}

async function filesOf(files: Looks, step: Step, isLenient: boolean): Promise<readonly FileDifference[]> {
  try {
    const found: FileDifference[] = [];
    for (const wanted of (await step.files?.()) ?? []) {
      const difference = await differenceOf(files, wanted);
      if (difference !== null) found.push(difference);
    }
    return found;
  } catch (cause) {
    if (!isLenient || cause instanceof WouldChangeError) throw cause;
    return [];
  }
}

async function differenceOf(files: Looks, wanted: WantedFile): Promise<FileDifference | null> {
  const { path } = wanted;
  try {
    return 'link' in wanted ? await linkDifference(files, wanted) : await textDifference(files, wanted);
  } catch (cause) {
    if (!(cause instanceof ForeignPathError)) throw cause;
    return { path, words: clip(cause.message, 500), diff: null };
  }
}

async function linkDifference(
  files: Looks,
  { path, link }: WantedFile & { readonly link: string },
): Promise<FileDifference | null> {
  const found = await files.readLink(path);
  if (found === link) return null;
  const words = found === null ? `a link to ${link} is not there` : `it leads to ${found} instead of ${link}`;
  return { path, words: clip(words, 500), diff: null };
}

async function textDifference(
  files: Looks,
  wanted: Exclude<WantedFile, { readonly link: string }>,
): Promise<FileDifference | null> {
  const { path } = wanted;
  const found = await files.read(path);
  const text = 'gone' in wanted ? null : wanted.text;
  const stray = found === null ? null : await strayOf(files, wanted);
  if (found === text && stray === null) return null;
  const kind = found === text ? null : found === null ? 'made' : text === null ? 'removed' : 'changed';
  const isSecret = kind !== null && (wanted.secret === true || (await wasClosed(files, wanted)));
  const words = [kind, stray, isSecret ? 'what stands in it is a secret' : null];
  const diff = kind === null || isSecret ? null : diffOf(path, found, text);
  return { path, words: clip(words.filter((one) => one !== null).join('; '), 500), diff };
}

/** What everybody might read, and somebody has kept from that, holds something that is to stay there. */
async function wasClosed(
  files: Looks,
  wanted: Exclude<WantedFile, { readonly link: string }>,
): Promise<boolean> {
  const mode = 'text' in wanted ? (wanted.mode ?? 0o644) : 0o644;
  return (mode & 0o004) !== 0 && (await files.isClosed(wanted.path));
}

function diffOf(path: string, before: string | null, after: string | null): string {
  const from = before === null ? '/dev/null' : `${path} (as it is)`;
  const to = after === null ? '/dev/null' : `${path} (as it is to be)`;
  const diff = `--- ${from}\n+++ ${to}\n${renderUnifiedDiff(before ?? '', after ?? '')}`;
  if (diff.length <= MOST_OF_A_DIFF) return diff;
  return `${diff.slice(0, MOST_OF_A_DIFF)}\n… and ${diff.length - MOST_OF_A_DIFF} characters more\n`;
}

function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
