import type { DomainId } from '../../../contract/ids.ts';
import type { DomainName, PublicDirectory } from '../../../contract/names.ts';
import { DEFAULT_OPTIONS, type SiteOptions } from '../../../contract/site-options.ts';
import { plain, RenderError } from './plain.ts';

export type ServerBlock = {
  readonly id: DomainId;
  readonly names: readonly DomainName[];
  readonly publicDirectory: PublicDirectory;
  readonly options: SiteOptions;
};

/** Above this the generic server block has no room for the path of the PHP socket, which ends at 107 octets. */
const LONGEST_GENERIC_HOST = 80;
/** The generic server block counts the requests under way by name: with more names a site could take too many. */
const MOST_GENERIC_NAMES = 10;

/** Whether a site cannot be served by the generic server block, which finds sites by their names alone. */
export function needsServerBlock({ names, publicDirectory, options }: Omit<ServerBlock, 'id'>): boolean {
  return (
    publicDirectory !== 'public' ||
    optionLines(options).length > 0 ||
    names.length > MOST_GENERIC_NAMES ||
    names.some((name) => name.length > LONGEST_GENERIC_HOST)
  );
}

/** A site's own server blocks: one for the world, one on the listener of the worker's probes. */
export function renderServerBlock(block: ServerBlock): string {
  return `# Site ${plain(block.id)}. Written by the agent; what is changed here is lost.
server {
  include /etc/nginx/sculptor/listen/http.conf;
${[site(block), ...optionLines(block.options)].join('\n')}
  include /etc/nginx/sculptor/parts/site.conf;
}
server {
  listen unix:/run/sculptor-probe/http.sock;
  access_log off;
${site(block)}
  include /etc/nginx/sculptor/parts/probe.conf;
}
`;
}

function site({ id, names, publicDirectory }: ServerBlock): string {
  return `  server_name ${names.map(plain).join('\n    ')};
  set $sculptor_site /etc/sculptor/sites/${plain(id)};
  set $sculptor_public ${plain(publicDirectory)};`;
}

/** A line for each option that is not as nginx.conf and the parts have it. The worker's probes need none of them. */
function optionLines(options: SiteOptions): readonly string[] {
  const { index, bodyBytes, timeoutSeconds, allowedAddresses, accessLog } = options;
  return [
    // nginx adds the files that the parts name.
    ...(index.length > 0 ? [`  index ${index.map(plain).join(' ')};`] : []),
    ...(bodyBytes === DEFAULT_OPTIONS.bodyBytes ? [] : [`  client_max_body_size ${plain(bodyBytes)};`]),
    ...(timeoutSeconds === DEFAULT_OPTIONS.timeoutSeconds
      ? []
      : [`  fastcgi_read_timeout ${plain(timeoutSeconds)}s;`]),
    ...(accessLog ? [] : ['  access_log off;']),
    ...allowedAddresses.map((range) => `  allow ${network(range)};`),
    ...(allowedAddresses.length > 0 ? ['  deny all;'] : []),
  ];
}

/** Digits, dots and colons mean themselves to nginx here. */
function network(range: string): string {
  if (!/^[0-9A-Fa-f.:]{2,45}\/[0-9]{1,3}$/.test(range)) throw new RenderError('a network');
  return range;
}
