import type { ShownOptions } from '../../contract/site-options.ts';
import { UsageError } from '../errors.ts';
import { redirectText, typedRedirect } from './redirect.ts';

type Name = keyof ShownOptions;

/** `name=value` as it was typed, several times; undefined where none was. */
export function typedOptions(words: readonly string[] | undefined): Record<string, unknown> | undefined {
  return words && Object.fromEntries(words.map(typed));
}

/** How the value of each is read; what is none of its kind stays text, for the API to say what would be right. */
const READ: Readonly<Record<Name, (text: string) => unknown>> = {
  index: list,
  bodyBytes: number,
  timeoutSeconds: number,
  allowedAddresses: list,
  accessLog: yesOrNo,
  buffering: yesOrNo,
  redirect: typedRedirect,
  www: (text) => text,
  forceHttps: yesOrNo,
  hsts: orNone(hsts),
  staticCacheSeconds: orNone(number),
  errorPages: orNone(pages, {}),
  basicAuth: orNone(() => {
    throw new UsageError('basicAuth takes none; visitors come by sculptorctl domain visitor set');
  }),
};

export const OPTION_NAMES = Object.keys(READ).join(', ');

function typed(word: string): [string, unknown] {
  const [, name = '', text = ''] = /^([^=]*)=(.*)$/s.exec(word) ?? [];
  const read = Object.entries(READ).find(([one]) => one === name)?.[1];
  if (read === undefined) throw new UsageError(`--option takes name=value, with one of ${OPTION_NAMES}`);
  return [name, read(text)];
}

function orNone(read: (text: string) => unknown, none: unknown = null): (text: string) => unknown {
  return (text) => (text === 'none' || text === '' ? none : read(text));
}

function list(text: string): unknown {
  return text === '' ? [] : text.split(',');
}

function number(text: string): unknown {
  return /^[0-9]+$/.test(text) ? Number(text) : text;
}

function yesOrNo(text: string): unknown {
  return text === 'true' || (text === 'false' ? false : text);
}

/** `31536000,includeSubdomains,preload` */
function hsts(text: string): unknown {
  const [seconds = '', ...words] = text.split(',');
  return { maxAgeSeconds: number(seconds), ...Object.fromEntries(words.map((word) => [word, true])) };
}

/** `404:/errors/404.html,502:/errors/busy.html` */
function pages(text: string): unknown {
  return Object.fromEntries(
    text.split(',').map((page) => {
      const [code = '', ...path] = page.split(':');
      return [code, path.join(':')];
    }),
  );
}

/** A row for each, as it may be typed again. */
export function optionFacts(options: ShownOptions): [string, string][] {
  const { hsts: sent, errorPages, basicAuth, redirect } = options;
  const shown = {
    ...options,
    hsts: sent && [
      sent.maxAgeSeconds,
      ...(sent.includeSubdomains ? ['includeSubdomains'] : []),
      ...(sent.preload ? ['preload'] : []),
    ],
    redirect: redirectText(redirect),
    errorPages: Object.entries(errorPages).map(([code, page]) => `${code}:${page}`),
    basicAuth: basicAuth && `${basicAuth.realm}: ${basicAuth.users.map(({ name }) => name).join(', ')}`,
  };
  return Object.entries(shown).map(([name, value]) => [`option ${name}`, said(value)]);
}

function said(value: string | number | boolean | readonly unknown[] | null): string {
  if (value === null) return 'none';
  return Array.isArray(value) ? value.join(',') || '-' : String(value);
}
