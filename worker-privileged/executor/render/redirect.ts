import { Redirect } from '../../../contract/redirects.ts';
import { RenderError } from './plain.ts';

/**
 * Where parts/serve.conf hands what a site of the type `redirect` is asked for. `return` comes before nginx asks who may
 * visit the site, `try_files` after it; what it tries is never there.
 */
export function redirectLines(redirect: Redirect): readonly string[] {
  const { to, status, keepPath } = redirect;
  // The one place where text that is no name and no number comes in: looked at again, where it is written.
  if (!Redirect.safeParse(redirect).success || /[\s"'$;{}\\#?]/.test(to)) throw new RenderError('an address');
  const target = keepPath ? `${to.replace(/\/$/, '')}$request_uri` : to;
  return [
    'location = /.sculptor/elsewhere {',
    '  internal;',
    '  root $sculptor_site/site;',
    '  disable_symlinks off;',
    '  try_files /none @sculptor_elsewhere;',
    '}',
    'location @sculptor_elsewhere {',
    `  return ${status} "${target}";`,
    '}',
  ];
}
