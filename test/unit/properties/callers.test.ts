import type { Request, Response } from 'express';
import fc from 'fast-check';
import { setCaller, addressOf, UNKNOWN } from '../../../api/caller.ts';
import { loggedPath } from '../../../api/logged-path.ts';
import { neighbourhood } from '../../../api/rate-limits/neighbourhood.ts';
import { writeContext } from '../../../api/write-context.ts';
import { AddressRange, TOKEN_TEXT } from '../../../contract/tokens.ts';
import { holdAddress, holdRange } from '../../../runtime/address-ranges.ts';
import { always, hostileText, near } from './chance.ts';

/* Who calls: addresses, networks, keys, and what of an address is kept. */

type Version = { readonly bits: 32 | 128; readonly write: (number: bigint) => string };
const V4: Version = {
  bits: 32,
  write: (number) => [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.'),
};
const V6: Version = {
  bits: 128,
  write: (number) =>
    Array.from({ length: 8 }, (_, at) => ((number >> BigInt(112 - 16 * at)) & 0xffffn).toString(16)).join(
      ':',
    ),
};
// One address above is IPv4 written as IPv6, which is none of ours.
const numberOf = ({ bits }: Version) =>
  fc
    .bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })
    .filter((number) => bits === 32 || number >> 32n !== 0xffffn);
const version = fc.constantFrom(V4, V6);
const network = version.chain((of) =>
  fc.record({ of: fc.constant(of), number: numberOf(of), length: fc.integer({ min: 0, max: of.bits }) }),
);
const rangeOf = ({ of, number, length }: { of: Version; number: bigint; length: number }) =>
  AddressRange.parse(`${of.write(number)}/${length}`);

test('a network holds an address when their first bits are the same, and no address of the other kind', () => {
  const nearBy = network.chain((net) =>
    fc.tuple(fc.constant(net), fc.constantFrom(0n, 1n, 255n, 1n << 30n), numberOf(net.of)),
  );
  always(nearBy, ([net, step, other]) => {
    const rest = BigInt(net.of.bits - net.length);
    for (const number of [net.number, (net.number ^ step) & ((1n << BigInt(net.of.bits)) - 1n), other]) {
      if (net.of === V6 && number >> 32n === 0xffffn) continue;
      expect(holdAddress([rangeOf(net)], net.of.write(number))).toBe(number >> rest === net.number >> rest);
    }
    expect(holdAddress([rangeOf(net)], net.of === V4 ? '2001:db8::1' : '203.0.113.7')).toBe(false);
  });
});

test('a network holds another when it is as long and begins alike, and nothing that is no address is held', () => {
  always(fc.tuple(network, network, fc.integer({ min: 0, max: 128 })), ([one, two, length]) => {
    const within = { ...one, length: Math.max(one.length, Math.min(length, one.of.bits)) };
    expect(holdRange([rangeOf(one)], rangeOf(within))).toBe(true);
    const rest = BigInt(one.of.bits - one.length);
    const meant = one.of === two.of && two.length >= one.length && one.number >> rest === two.number >> rest;
    expect(holdRange([rangeOf(one)], rangeOf(two))).toBe(meant);
  });
  always(hostileText, (text) => {
    if (/[.:]/.test(text)) return;
    expect(holdAddress([AddressRange.parse('0.0.0.0/0'), AddressRange.parse('::/0')], text)).toBe(false);
  });
});

test('what is taken for a network is one address and a length that it has', () => {
  always(fc.oneof(near(network.map(rangeOf)), hostileText), (text) => {
    const taken = AddressRange.safeParse(text);
    if (taken.success)
      expect(taken.data).toMatch(
        /^(?:[0-9.]{7,15}\/(?:[0-9]|[12][0-9]|3[0-2])|[0-9a-fA-F:.]{2,45}\/(?:[0-9]|[1-9][0-9]|1[01][0-9]|12[0-8]))$/,
      );
  });
});

test('of IPv6 all addresses of a /64 are one neighbour, however they are written, and those of two are two', () => {
  always(fc.tuple(numberOf(V6), numberOf(V6)), ([one, two]) => {
    const short = V6.write(one).replace(/(?:^|:)0(?::0)+(?::|$)/, '::');
    const same = (one & ~((1n << 64n) - 1n)) | (two & ((1n << 64n) - 1n));
    expect(neighbourhood(short)).toBe(neighbourhood(V6.write(one)));
    expect(neighbourhood(V6.write(same))).toBe(neighbourhood(V6.write(one)));
    expect(neighbourhood(V6.write(one)) === neighbourhood(V6.write(two))).toBe(one >> 64n === two >> 64n);
  });
});

const asked = (headers: object, originalUrl = '/v1/domains') =>
  ({ headers, originalUrl, method: 'POST', body: undefined }) as unknown as Request;

test('a caller’s address is one address, or nobody’s', () => {
  always(fc.oneof(hostileText, near(fc.ipV4()), near(fc.ipV6())), (forwarded) => {
    const address = addressOf(asked({ 'x-forwarded-for': forwarded }));
    expect([forwarded, UNKNOWN]).toContain(address);
    if (address !== UNKNOWN)
      expect(address).toMatch(/^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:.]+(?:%.+)?)$/);
  });
});

test('a key is visible ASCII, or it is refused', () => {
  const res = { locals: {} } as unknown as Response;
  setCaller(res, { tokenId: 'tokenoftests' } as never);
  always(fc.oneof(hostileText, near(fc.uuid()), fc.string({ maxLength: 200 })), (key) => {
    const isKey = /^[!-~]{1,128}$/.test(key) && !key.includes('\n');
    const take = () => writeContext(asked({ 'idempotency-key': key }), res).key?.key;
    if (isKey) expect(take()).toBe(key);
    else expect(take).toThrow('');
  });
});

test('what is kept of an address holds no token and no query, wherever it stood', () => {
  const token = fc.stringMatching(/^sculptor_[A-Za-z0-9_-]{43}$/);
  const place = fc.stringMatching(/^[A-Za-z0-9/._~%?&=-]{0,20}$/);
  always(fc.tuple(place, token, place, token), ([before, one, between, two]) => {
    const kept = loggedPath(asked({}, `/v1/${before}${one}${between}${two}`));
    expect(kept).not.toMatch(TOKEN_TEXT);
    expect(kept).not.toContain('?');
  });
});
