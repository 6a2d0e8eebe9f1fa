import { DEFAULT_OPTIONS, type SiteOptions } from '../../contract/site-options.ts';
import { UsageError } from '../errors.ts';

type Value = SiteOptions[keyof SiteOptions];

/** `name=value` as it was typed, several times; undefined where none was. */
export function typedOptions(words: readonly string[] | undefined): Record<string, unknown> | undefined {
  return words && Object.fromEntries(words.map(typed));
}

export const OPTION_NAMES = Object.keys(DEFAULT_OPTIONS).join(', ');

function typed(word: string): [string, unknown] {
  const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  const usual = Object.entries<Value>(DEFAULT_OPTIONS).find(([one]) => one === name)?.[1];
  if (usual === undefined) throw new UsageError(`--option takes name=value, with one of ${OPTION_NAMES}`);
  return [name, valueLike(usual, text)];
}

/** What is no number and neither true nor false stays text, for the API to say what would be right. */
function valueLike(usual: Value, text: string): unknown {
  if (Array.isArray(usual)) return text === '' ? [] : text.split(',');
  if (typeof usual === 'number') return /^[0-9]+$/.test(text) ? Number(text) : text;
  return text === 'true' || (text === 'false' ? false : text);
}

/** A row for each. */
export function optionFacts(options: SiteOptions): [string, string][] {
  return Object.entries<Value>(options).map(([name, value]) => [
    `option ${name}`,
    Array.isArray(value) ? value.join(',') || '-' : String(value),
  ]);
}
