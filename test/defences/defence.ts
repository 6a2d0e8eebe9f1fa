/** Something that keeps a thief out, how it is taken away, and the one test that has to notice. */
export type Defence = {
  readonly name: string;
  /** What would come in without it. */
  readonly against: string;
  /** Exact text of one file, which stands there once, and what stands there when the defence is gone. */
  readonly change: { readonly file: string; readonly from: string; readonly to: string };
  /** The test by its file and its full name (those of its `describe`s in front), or a pattern of that. */
  readonly noticed: { readonly file: string; readonly test: string | RegExp };
};

/** What a test needs to run, as the folders of test/ say it: nothing, servers of its own, or an installed server. */
export type Ground = 'here' | 'services' | 'server';

export function groundOf({ noticed: { file } }: Pick<Defence, 'noticed'>): Ground {
  if (/^test\/(unit|fuzz)\//.test(file)) return 'here';
  return file.startsWith('test/integration/') ? 'services' : 'server';
}

export function suiteOf({ noticed: { file } }: Pick<Defence, 'noticed'>): string {
  return file.split('/')[1] ?? '';
}

/** For jest's --testNamePattern. */
export function patternOf({ noticed: { test } }: Pick<Defence, 'noticed'>): string {
  return typeof test === 'string' ? `^${test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$` : test.source;
}
