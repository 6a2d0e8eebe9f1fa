import type { SiteType } from '../../../contract/domains.ts';
import type { DomainName } from '../../../contract/names.ts';
import { DEFAULT_OPTIONS, type SiteOptions } from '../../../contract/site-options.ts';
import { wwwRedirects } from '../../../contract/www.ts';
import { visitorsFile } from '../system/paths.ts';
import { plain, RenderError } from './plain.ts';
import { redirectLines } from './redirect.ts';

type Served = {
  readonly id: string;
  readonly type: SiteType;
  readonly names: readonly DomainName[];
  readonly options: SiteOptions;
};

/**
 * A line for each option that is not as nginx.conf and the parts have it. `before` the part that they have in common,
 * `after` it where what it does comes first. The worker's probes need none of them.
 */
export function optionLines(site: Served): {
  readonly before: readonly string[];
  readonly after: readonly string[];
} {
  const { options, type } = site;
  return {
    before: [
      ...sizes(options),
      ...(options.accessLog ? [] : ['access_log off;']),
      ...addresses(options),
      ...basicAuth(site),
      ...hsts(options),
      ...(options.staticCacheSeconds === null
        ? []
        : [
            `set $sculptor_static_seconds ${plain(options.staticCacheSeconds)};`,
            'expires $sculptor_expires;',
          ]),
    ],
    after: [
      ...www(site),
      ...errorPages(options),
      ...(type === 'redirect' && options.redirect !== null ? redirectLines(options.redirect) : []),
    ],
  };
}

/** What PHP or a program says goes out as it comes, and it is told of a body before that has come in whole. */
const UNBUFFERED = ['fastcgi', 'proxy'].flatMap((to) => [
  `${to}_buffering off;`,
  `${to}_request_buffering off;`,
]);

function sizes({ index, bodyBytes, timeoutSeconds, buffering }: SiteOptions): readonly string[] {
  const wait = `${plain(timeoutSeconds)}s`;
  return [
    // nginx adds the files that the parts name.
    ...(index.length > 0 ? [`index ${index.map(plain).join(' ')};`] : []),
    ...(bodyBytes === DEFAULT_OPTIONS.bodyBytes ? [] : bodies(bodyBytes)),
    ...(timeoutSeconds === DEFAULT_OPTIONS.timeoutSeconds
      ? []
      : [`fastcgi_read_timeout ${wait};`, `proxy_read_timeout ${wait};`, `proxy_send_timeout ${wait};`]),
    ...(buffering ? [] : UNBUFFERED),
  ];
}

/** What the large bodies of a site may have of the disk at once, where two of them are not more. */
const BODIES_OF_A_SITE = 2_147_483_648;

function bodies(bytes: number): readonly string[] {
  const size = `client_max_body_size ${plain(bytes)};`;
  if (bytes < DEFAULT_OPTIONS.bodyBytes) return [size];
  const most = Math.max(2, Math.floor(BODIES_OF_A_SITE / bytes));
  return [size, `limit_conn sculptor_larger ${plain(most)};`];
}

function addresses({ allowedAddresses }: SiteOptions): readonly string[] {
  return [
    ...allowedAddresses.map((range) => `allow ${network(range)};`),
    ...(allowedAddresses.length > 0 ? ['deny all;'] : []),
  ];
}

/** Digits, dots and colons mean themselves to nginx here. */
function network(range: string): string {
  if (!/^[0-9A-Fa-f.:]{2,45}\/[0-9]{1,3}$/.test(range)) throw new RenderError('a network');
  return range;
}

/**
 * Each guess of a password takes nginx's worker a few milliseconds, in which it serves nobody: so many it works out, of each
 * visitor, whose HTTP/2 connection has up to 128 requests under way, and of all.
 */
function basicAuth({ id, options }: Served): readonly string[] {
  if (options.basicAuth === null) return [];
  const { realm } = options.basicAuth;
  if (!/^[A-Za-z0-9 ._-]{1,64}$/.test(realm)) throw new RenderError('a realm');
  return [
    `auth_basic "${realm}";`,
    `auth_basic_user_file ${visitorsFile(plain(id))};`,
    'limit_req zone=sculptor_guess burst=128 delay=50;',
    'limit_req zone=sculptor_guessed burst=200;',
  ];
}

/** Nobody believes it on an answer that came without a certificate. */
function hsts({ hsts: wanted }: SiteOptions): readonly string[] {
  if (wanted === null) return [];
  const words = [
    `max-age=${plain(wanted.maxAgeSeconds)}`,
    ...(wanted.includeSubdomains ? ['includeSubDomains'] : []),
    ...(wanted.preload ? ['preload'] : []),
  ];
  return [
    'set $sculptor_hsts "";',
    'if ($scheme = https) {',
    `  set $sculptor_hsts "${words.join('; ')}";`,
    '}',
    'add_header Strict-Transport-Security $sculptor_hsts always;',
  ];
}

function www({ names, options }: Served): readonly string[] {
  const redirects = wwwRedirects(names, options.www);
  if (redirects.length === 0) return [];
  return [
    'set $sculptor_www "";',
    ...redirects.flatMap(([from, to]) => [
      `if ($host = ${plain(from)}) {`,
      `  set $sculptor_www ${plain(to)};`,
      '}',
    ]),
    'if ($sculptor_www) {',
    '  return 308 $scheme://$sculptor_www$request_uri;',
    '}',
  ];
}

/**
 * By an address that nobody else can ask for, so that a page that is not there is nginx's own and keeps its status, and
 * who is kept off the site sees it too.
 */
function errorPages({ errorPages: pages }: SiteOptions): readonly string[] {
  const wanted = Object.entries(pages);
  if (wanted.length === 0) return [];
  return [
    'recursive_error_pages on;',
    'fastcgi_intercept_errors on;',
    'proxy_intercept_errors on;',
    ...wanted.flatMap(([code, page]) => [
      `error_page ${plain(code)} /.sculptor/error/${plain(code)};`,
      `location = /.sculptor/error/${plain(code)} {`,
      '  internal;',
      '  recursive_error_pages off;',
      '  allow all;',
      '  auth_basic off;',
      `  try_files ${plain(page ?? '')} =${plain(code)};`,
      '}',
    ]),
  ];
}
