import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { DomainId } from '../../../contract/ids.ts';
import type { DomainName } from '../../../contract/names.ts';

export type SelfSigned = {
  readonly id: DomainId;
  readonly names: readonly DomainName[];
  readonly notBefore: Date;
  readonly notAfter: Date;
};

export type Pair = { readonly chain: string; readonly key: string };

/** A new key on P-256 and a certificate for it that nobody but itself vouches for, both PEM. */
export function renderSelfSigned(of: SelfSigned): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const toBeSigned = contentOf(of, publicKey);
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature));
  return {
    chain: pemOf('CERTIFICATE', certificate),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

export function pemOf(type: 'CERTIFICATE' | 'PRIVATE KEY', der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${type}-----`, ...lines, `-----END ${type}-----`, ''].join('\n');
}

/* RFC 5280, in the few forms of DER that it takes. */

function contentOf({ id, names, notBefore, notAfter }: SelfSigned, key: KeyObject): Buffer {
  const subject = sequence(named('55040a', 'Sculptor Agent self-signed'), named('550403', id));
  const alternatives = names.map((name) => tagged(0x82, Buffer.from(name, 'latin1')));
  const extensions = [
    extension('551d13', true, sequence()),
    extension('551d0f', true, tagged(0x03, Buffer.from([7, 0x80]))),
    extension('551d25', false, sequence(oid('2b06010505070301'))),
    extension('551d11', false, sequence(...alternatives)),
  ];
  return sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    // Positive, and never with a zero in front.
    tagged(0x02, Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    key.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
}

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));

function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const octets = length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0');
  return [0x80 + octets.length / 2, ...Buffer.from(octets, 'hex')];
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function bits(content: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), content);
}

function named(type: string, value: string): Buffer {
  return tagged(0x31, sequence(oid(type), tagged(0x0c, Buffer.from(value))));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  const marked = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...marked, tagged(0x04, value));
}

/** In the form that is to be used until 2049, to the second. */
function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}
