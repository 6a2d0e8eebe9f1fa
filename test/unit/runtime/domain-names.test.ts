import fc from 'fast-check';
import { DomainName } from '../../../contract/names.ts';
import { canonicalDomainName } from '../../../runtime/domain-names.ts';

const SERVER = 'machine.example';

function refusal(typed: string): string | undefined {
  const answer = canonicalDomainName(typed, SERVER);
  return 'refused' in answer ? answer.refused.message : undefined;
}

test.each([
  ['shop.example', 'shop.example'],
  ['WWW.Shop.Example', 'www.shop.example'],
  ['münchen.example', 'xn--mnchen-3ya.example'],
  ['MÜNCHEN.example', 'xn--mnchen-3ya.example'],
  ['mu\u0308nchen.example', 'xn--mnchen-3ya.example'],
  ['XN--MNCHEN-3YA.example', 'xn--mnchen-3ya.example'],
  ['faß.example', 'xn--fa-hia.example'],
  ['例え。example', 'xn--r8jz45g.example'],
  ['ⓢhop.example', 'shop.example'],
  ['日本語abc.example', 'xn--abc-s08fl0dtz6h.example'],
  ['1.shop.example', '1.shop.example'],
  ['0xshop.example', '0xshop.example'],
  ['xn--ls8h.example', 'xn--ls8h.example'],
  ['my-site.github.io', 'my-site.github.io'],
  ['shop.co.uk', 'shop.co.uk'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  ['notmachine.example', 'notmachine.example'],
])('brings %j to %j', (typed, name) => {
  expect(canonicalDomainName(typed, SERVER)).toEqual({ name });
});

const LONG = `${'a'.repeat(60)}.`.repeat(4);

test.each([
  ['', 'empty'],
  ['a'.repeat(1001), 'longer than a host name'],
  ['shop.example\n', 'control'],
  ['shop\r\n.example', 'control'],
  ['shop\u0000.example', 'control'],
  ['shop\u007f.example', 'control'],
  ['shop\u0085.example', 'control'],
  ['shop\u2028.example', 'control'],
  ['shop\t.example', 'control'],
  [' shop.example', 'space'],
  ['shop .example', 'space'],
  ['shop\u00a0.example', 'space'],
  ['shop\u3000.example', 'space'],
  ['sh\u200bop.example', 'invisible'],
  ['sh\u200dop.example', 'invisible'],
  ['sh\u00adop.example', 'invisible'],
  ['\u202eelpmaxe.pohs', 'invisible'],
  ['sh\u2066op.example', 'invisible'],
  ['\ufeffshop.example', 'invisible'],
  ['shop\ufe0f.example', 'invisible'],
  ['sh\ud800op.example', 'invisible'],
  ['*.shop.example', 'Wildcards'],
  ['shop.*', 'Wildcards'],
  ['sh%6fp.example', 'percent'],
  ['shop.example%00', 'percent'],
  ['root@shop.example', 'user or an address'],
  ['http://shop.example', 'whole address'],
  ['shop.example/', 'path'],
  ['../etc', 'path'],
  ['shop\\.example', 'path'],
  ['shop.example?x', 'path'],
  ['shop.example#x', 'path'],
  ['shop.example:80', 'port'],
  ['sh_op.example', 'underscore'],
  ['shop.example.', 'ends in a dot'],
  ['shop.example。', 'ends in a dot'],
  ['.', 'ends in a dot'],
  ['.shop.example', 'empty part'],
  ['shop..example', 'empty part'],
  ['shop.。example', 'empty part'],
  ['127.0.0.1', 'IP'],
  ['１２７.0.0.1', 'IP'],
  ['2130706433', 'IP'],
  ['0x7f000001', 'IP'],
  ['0x7f.1', 'IP'],
  ['017700000001', 'IP'],
  ['1.2.3', 'IP'],
  ['::1', 'IP'],
  ['[::1]', 'IP'],
  ['fe80::1', 'IP'],
  ['::ffff:127.0.0.1', 'IP'],
  ['-shop.example', 'hyphen'],
  ['shop-.example', 'hyphen'],
  ['shop.-.example', 'hyphen'],
  [`${'a'.repeat(64)}.example`, '63'],
  [`${'ü'.repeat(60)}.example`, '63'],
  [`${LONG}${'b'.repeat(10)}.example`, '253'],
  ['xn--.example', 'UTS 46'],
  ['xn--zz.example', 'UTS 46'],
  ['xn--abc-.example', 'xn--'],
  ['\u0300a.example', 'UTS 46'],
  ['shop;rm.example', 'letters, digits, hyphens'],
  ['$(id).example', 'letters, digits, hyphens'],
  ["shop'.example", 'letters, digits, hyphens'],
  ['sh"op.example', 'letters, digits, hyphens'],
  ['shop{.example', 'letters, digits, hyphens'],
  ['p\u0430ypal.example', 'alike'],
  ['xn--pypal-4ve.example', 'alike'],
  ['localhost', 'the machine itself'],
  ['LOCALHOST', 'the machine itself'],
  ['shop.localhost', 'the machine itself'],
  ['localhost.localdomain', 'the machine itself'],
  ['shop', 'one part'],
  ['com', 'one part'],
  ['co.uk', 'public suffix'],
  ['CO.UK', 'public suffix'],
  ['github.io', 'public suffix'],
  ['公司.cn', 'public suffix'],
  ['xn--55qx5d.cn', 'public suffix'],
  ['anything.ck', 'public suffix'],
  ['machine.example', 'server'],
  ['MACHINE.example', 'server'],
  ['x.machine.example', 'server'],
])('refuses %j with a sentence about it (%s)', (typed, about) => {
  expect(refusal(typed)).toContain(about);
});

test('the sentence never repeats what was typed', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 12, unit: 'binary' }), (typed) => {
      expect(refusal(typed) ?? '').not.toContain(typed);
    }),
  );
});

const nearlyNames = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9-]{1,10}$/),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.stringMatching(/^xn--[a-z0-9-]{0,12}$/),
      fc.constantFrom(
        '',
        'com',
        'example',
        'co',
        'uk',
        '127',
        '0x1',
        'localhost',
        'münchen',
        'ß',
        '\u200d',
        '%41',
      ),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .chain((parts) => fc.constantFrom('.', '。', '..', '').map((dot) => parts.join(dot || '.')));

test('whatever is typed is refused, or becomes a name that is its own canonical form', () => {
  fc.assert(
    fc.property(fc.oneof(nearlyNames, fc.string({ unit: 'binary' }), fc.webUrl()), (typed) => {
      const answer = canonicalDomainName(typed, SERVER);
      if ('refused' in answer) return;
      expect(DomainName.safeParse(answer.name).success).toBe(true);
      expect(canonicalDomainName(answer.name, SERVER)).toEqual(answer);
    }),
    { numRuns: 2000 },
  );
});

test('most plain names are taken, so that the properties above are about something', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][a-z0-9]{0,20}\.[a-z]{3}[0-9]\.example$/), (name) => {
      expect(canonicalDomainName(name, SERVER)).toEqual({ name });
    }),
  );
});
