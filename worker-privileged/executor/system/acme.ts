import { createPrivateKey } from 'node:crypto';
import { certificateFaults, isFault, readChain } from '../../../contract/certificate-checks.ts';
import type { DomainId, TenantId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';
import { renderCertbot } from '../render/certbot.ts';
import { elsewhere, hadNoEnd, verdictOn, type LeftOut } from './acme-answers.ts';
import { createCertbot, type Asked, type CertbotTools } from './acme-certbot.ts';
import { acmeRefused, acmeUnconfigured, acmeUnreachable, failureOf } from './acme-failures.ts';
import { paths } from './paths.ts';
import { readAcmeSettings } from './acme-settings.ts';
import type { Orders } from './orders.ts';

export type Named = {
  readonly id: DomainId;
  readonly tenant: TenantId;
  readonly names: readonly DomainName[];
  /** It comes in the place of one that ends soon. */
  readonly due: boolean;
  /** Throws where nothing is to be asked for without those. */
  readonly admit: (leftOut: readonly DomainName[]) => void;
};

export type Obtained = {
  /** In PEM, the site's own certificate first. */
  readonly chain: string;
  readonly key: string;
  readonly leftOut: readonly LeftOut[];
};

/** Certificates from an authority, over ACME; see docs/adr/0026. */
export type Acme = {
  /** Tries each name first, and leaves out those that do not lead here or that the authority refuses. */
  readonly obtain: (site: Named) => Promise<Obtained>;
  /** Ends what is under way for a site, and takes away what it left. */
  readonly forget: (id: DomainId) => Promise<void>;
  /** Whether one is under way, or broke off. */
  readonly isAsked: (id: DomainId) => Promise<boolean>;
  /** For all sites: for who begins, when nobody waits for an answer any more. */
  readonly forgetAll: () => Promise<void>;
};

/** Each refused name costs one, and so does what the authority wants to be asked again. */
const MOST_ROUNDS = 10;
/** So much less than a request may take (see dispatch.ts) that what was given is put in place. */
const PATIENCE_MS = 480_000;
/** Let's Encrypt takes so many in one certificate: https://letsencrypt.org/docs/rate-limits/ */
const MOST_NAMES = 100;

type AcmeTools = CertbotTools & { readonly orders: Orders };

export function createAcme(tools: AcmeTools): Acme {
  const certbot = createCertbot(tools);
  return {
    forget: certbot.end,
    isAsked: async (id) => (await tools.folders.look(paths.acmeWanted(id))) !== null,
    forgetAll: async () => {
      for (const id of await certbot.list()) await certbot.end(id);
    },
    obtain: async ({ id, tenant, names, due, admit }) => {
      const settings = await readAcmeSettings(tools.files);
      if (settings === null) throw acmeUnconfigured();
      const { orders } = tools;
      const order = { site: id, tenant, due };
      await orders.requireRoom({ ...order, names });
      const until = performance.now() + PATIENCE_MS;
      const ask = (asked: Asked) => certbot.ask(id, asked, Math.max(until - performance.now(), 1));
      const leftOut = [...elsewhere(await ask({ names: `${names.join('\n')}\n` }), names)];
      const tooMany = names.filter((name) => !isIn(leftOut, name)).slice(MOST_NAMES);
      leftOut.push(
        ...tooMany.map((name) => ({ name, reason: `A certificate is for ${MOST_NAMES} names at most.` })),
      );
      admit(leftOut.map(({ name }) => name));
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const wanted = names.filter((name) => !isIn(leftOut, name));
        if (wanted.length === 0) throw acmeRefused(`No name can have a certificate. ${told(leftOut)}`);
        const { key, request } = await newRequest(tools, wanted);
        const asked = { 'certbot.ini': renderCertbot(settings), 'request.pem': request };
        const begun = await orders.begin({ ...order, names: wanted });
        const answer = await ask(asked);
        const verdict = verdictOn(answer, wanted);
        if (verdict.kind === 'issued') await begun.issued();
        if (verdict.kind === 'unreachable' && !hadNoEnd(answer)) await begun.unheard();
        if (verdict.kind === 'issued') return { chain: fitting(verdict.chain, key, wanted), key, leftOut };
        if (verdict.kind === 'without') {
          leftOut.push(...verdict.leftOut);
          admit(leftOut.map(({ name }) => name));
        } else if (verdict.kind !== 'again') throw failureOf(verdict.kind, verdict.said);
      }
      throw leftOut.length > 0
        ? acmeRefused(`The authority refused one name after the other. ${told(leftOut)}`)
        : acmeUnreachable('It wanted to be asked again each time.');
    },
  };
}

/** What certbot gets is the request alone: the key is never where it could read it. */
async function newRequest({ commands }: Pick<CertbotTools, 'commands'>, names: readonly DomainName[]) {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-sha256'];
  const subject = ['-subj', '/', '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
  const args = ['req', '-new', '-config', '/dev/null', ...kind, ...subject];
  const text = await commands.run({ file: '/usr/bin/openssl', args });
  return { key: block('PRIVATE KEY', text), request: block('CERTIFICATE REQUEST', text) };
}

/** What is served is what was read of it, and nothing else that came along; it is looked at as anybody's own is. */
function fitting(answer: string, key: string, names: readonly DomainName[]): string {
  const chain = readChain(answer);
  const unusable = (why: string) => acmeRefused(`What the authority gave cannot be used. ${why}`);
  if (isFault(chain)) throw unusable(chain.message);
  const [fault] = certificateFaults({ chain, key: createPrivateKey(key), names, now: new Date() });
  if (fault !== undefined) throw unusable(fault.message);
  return chain.map((one) => one.toString()).join('');
}

/** The first of its kind. */
function block(kind: string, text: string): string {
  const [found] = new RegExp(`-----BEGIN ${kind}-----\n[^-]*-----END ${kind}-----\n`).exec(text) ?? [];
  if (found === undefined) throw new Error(`there is no ${kind.toLowerCase()}`);
  return found;
}

function isIn(leftOut: readonly LeftOut[], name: DomainName): boolean {
  return leftOut.some((left) => left.name === name);
}

function told(leftOut: readonly LeftOut[]): string {
  return leftOut.map(({ name, reason }) => `${name}: ${reason}`).join(' ');
}
