import { hasSocket, runsPhp, type SiteType } from '../../../contract/domains.ts';
import type { DomainId } from '../../../contract/ids.ts';
import type { DomainName, PublicDirectory } from '../../../contract/names.ts';
import type { SiteOptions } from '../../../contract/site-options.ts';
import { snippetCopy } from '../system/paths.ts';
import { plain } from './plain.ts';
import { optionLines } from './site-options.ts';

export type ServerBlock = {
  readonly id: DomainId;
  readonly type: SiteType;
  readonly names: readonly DomainName[];
  readonly publicDirectory: PublicDirectory;
  readonly options: SiteOptions;
  /** The names of root's own files for this site. */
  readonly snippets?: readonly string[];
};

/** Above this the generic server block has no room for the path of the PHP socket, which ends at 107 octets. */
const LONGEST_GENERIC_HOST = 80;
/** The generic server block counts the requests under way by name: with more names a site could take too many. */
const MOST_GENERIC_NAMES = 10;

/** Whether a site cannot be served by the generic server block, which finds sites by their names alone. */
export function needsServerBlock(block: Omit<ServerBlock, 'id'>): boolean {
  const { names, publicDirectory, snippets = [] } = block;
  const { before, after } = optionLines({ ...block, id: 'any' });
  return (
    publicDirectory !== 'public' ||
    before.length + after.length + snippets.length > 0 ||
    names.length > MOST_GENERIC_NAMES ||
    names.some((name) => name.length > LONGEST_GENERIC_HOST)
  );
}

/** A site's own server blocks: one for the world, one on the listener of the worker's probes. */
export function renderServerBlock(block: ServerBlock): string {
  const { before, after } = optionLines(block);
  const snippets = (block.snippets ?? []).map(
    (name) => `include ${snippetCopy(plain(block.id), plain(name))};`,
  );
  return `# Site ${plain(block.id)}. Written by the agent; what is changed here is lost.
server {
  include /etc/nginx/sculptor/listen/http.conf;
  include /etc/nginx/sculptor/listen/https.conf;
  listen unix:/run/sculptor-probe/https.sock ssl;
${[certificate(block), site(block), ...indented(before)].join('\n')}
${indented(['include /etc/nginx/sculptor/parts/site.conf;', ...after, ...snippets]).join('\n')}
}
server {
  listen unix:/run/sculptor-probe/http.sock;
  access_log off;
${site(block)}
  include /etc/nginx/sculptor/parts/probe.conf;
}
`;
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}

/** Read for each handshake, because of the variable, which is empty: another certificate needs no reload. */
function certificate({ id }: ServerBlock): string {
  const folder = `/etc/sculptor/sites/${plain(id)}/tls$sculptor_nothing`;
  return `  ssl_certificate ${folder}/chain.pem;
  ssl_certificate_key ${folder}/key.pem;`;
}

/** What answers stands in it, and is not looked up: it comes and goes with what else the block has for that type. */
function site({ id, type, names, publicDirectory }: ServerBlock): string {
  return `  server_name ${names.map(plain).join('\n    ')};
  set $sculptor_site /etc/sculptor/sites/${plain(id)};
  set $sculptor_public ${plain(publicDirectory)};
  set $sculptor_type ${answeredBy(type)};`;
}

function answeredBy(type: SiteType): string {
  if (runsPhp(type)) return 'php';
  if (hasSocket(type)) return 'app';
  return type === 'redirect' ? 'redirect' : 'static';
}
