import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/* An authority of the tests' own, by openssl: a root that signs an intermediate, and that signs what sites bring. */

export type Brought = { readonly chain: string; readonly key: string };

export type Wanted = {
  readonly names: readonly string[];
  /** As `openssl genpkey` takes it; an elliptic curve of P-256 where nothing is said. */
  readonly key?: readonly string[];
  /** From now; what has ended is so many days old. */
  readonly days?: number;
  /** In the wrong order, or without its issuer. */
  readonly order?: 'reversed' | 'alone';
  /** How the site's own is signed. */
  readonly hash?: 'sha1' | 'sha256' | 'sha384';
};

const P256 = ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

export type Authority = {
  readonly root: string;
  readonly issue: (wanted: Wanted) => Brought;
};

/** `key`: of the intermediate, which signs; `hash`: by which the root signs itself. */
export function createAuthority({ key: signing = P256, hash: signed }: Partial<Wanted> = {}): Authority {
  return within((folder) => {
    const ca = { names: [], ca: true } as const;
    const root = made(folder, { ...ca, issuer: null, days: 3650, key: P256, cn: 'Tests Root', hash: signed });
    const middle = made(folder, { ...ca, issuer: root, days: 3000, key: signing, cn: 'Tests CA' });
    const issue = ({ names, key = P256, days = 90, order, hash }: Wanted): Brought =>
      within((own) => {
        const leaf = made(own, { names, issuer: middle, ca: false, days, key, cn: 'site', hash });
        const chain = order === 'alone' ? [leaf.text] : [leaf.text, middle.text];
        return { chain: (order === 'reversed' ? chain.reverse() : chain).join(''), key: leaf.key };
      });
    return { root: root.text, issue };
  });
}

type Made = { readonly text: string; readonly key: string };
type Making = {
  readonly names: readonly string[];
  readonly issuer: Made | null;
  readonly ca: boolean;
  readonly days: number;
  readonly key: readonly string[];
  readonly cn: string;
  readonly hash?: Wanted['hash'];
};

function made(folder: string, { names, issuer, ca, days, key, cn, hash = 'sha256' }: Making): Made {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl('genpkey', ...key, '-out', at('key'));
  openssl('req', '-new', '-key', at('key'), '-subj', `/CN=${cn}`, '-out', at('request'));
  const alternatives =
    names.length === 0 ? '' : `subjectAltName=${names.map((name) => `DNS:${name}`).join()}\n`;
  writeFileSync(at('more'), `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}\n${alternatives}`);
  const until = new Date(Date.now() + days * 86_400_000);
  const from = new Date(Math.min(Date.now(), until.getTime()) - 86_400_000);
  const signer = issuer === null ? ['-signkey', at('key')] : signedBy(at, issuer);
  const form = ['-extfile', at('more'), '-days', String(Math.max(1, days)), `-${hash}`];
  const dates = days > 0 ? form : [...form.slice(0, 2), ...form.slice(4)];
  if (days > 0) openssl('x509', '-req', '-in', at('request'), ...signer, ...dates, '-out', at('certificate'));
  else ended(at, { from, until, issuer });
  return { text: readFileSync(at('certificate'), 'utf8'), key: readFileSync(at('key'), 'utf8') };
}

function signedBy(at: (name: string) => string, { text, key }: Made): string[] {
  writeFileSync(at('ca'), text);
  writeFileSync(at('ca.key'), key);
  return ['-CA', at('ca'), '-CAkey', at('ca.key'), '-CAcreateserial'];
}

type Ended = { readonly from: Date; readonly until: Date; readonly issuer: Made | null };

/** `openssl x509` makes none that has ended; `openssl ca` does. */
function ended(at: (name: string) => string, { from, until, issuer }: Ended): void {
  if (issuer === null) throw new Error('a root that has ended is of no use');
  signedBy(at, issuer);
  for (const name of ['index', 'index.attr']) writeFileSync(at(name), '');
  writeFileSync(at('serial'), '1000\n');
  const config = `[ca]\ndefault_ca=d\n[d]\ndatabase=${at('index')}\nserial=${at('serial')}\nnew_certs_dir=${at('')}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`;
  writeFileSync(at('config'), config);
  const stamp = (date: Date) => date.toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z';
  execFileSync(
    'openssl',
    [
      ...['ca', '-batch', '-notext', '-config', at('config'), '-cert', at('ca'), '-keyfile', at('ca.key')],
      ...['-extfile', at('more'), '-startdate', stamp(from), '-enddate', stamp(until)],
      ...['-in', at('request'), '-out', at('certificate')],
    ],
    { stdio: 'pipe' },
  );
}

function within<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
