import fc from 'fast-check';
import {
  parseResponse,
  renderCall,
  XmlRpcFault,
} from '../../../worker-privileged/executor/system/xml-rpc.ts';
import { always, hostileText, near } from './chance.ts';

type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(hostileText, fc.constantFrom('constructor', '__proto__', '', ' ', '</value>', '&amp;lt;')),
    fc.integer(),
    fc.boolean(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom('name', 'constructor', '__proto__'), hostileText), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
  ),
})).value;

/** As Python's xmlrpc.client writes it, which is what Supervisor answers with. */
function dump(one: Value): string {
  if (typeof one === 'string') return `<value><string>${escaped(one)}</string></value>`;
  if (typeof one === 'number') return `<value><int>${one}</int></value>`;
  if (typeof one === 'boolean') return `<value><boolean>${one ? 1 : 0}</boolean></value>`;
  if (one instanceof Array)
    return `<value><array><data>\n${one.map(dump).join('\n')}</data></array></value>\n`;
  const members = Object.entries(one).map(
    ([key, inner]) => `<member>\n<name>${escaped(key)}</name>\n${dump(inner)}\n</member>\n`,
  );
  return `<value><struct>\n${members.join('')}</struct></value>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function answer(inner: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${inner}\n</param>\n</params>\n</methodResponse>\n`;
}

test('what Supervisor answers is what it said', () => {
  always(value, (said) => expect(parseResponse(answer(dump(said)))).toEqual(said));
});

test('an answer that says no type is text', () => {
  const word = fc.oneof(
    fc.constantFrom('toString', 'constructor', 'valueOf', '__proto__'),
    fc.stringMatching(/^[a-zA-Z_]{1,12}$/),
  );
  always(word, (said) => expect(parseResponse(answer(`<value>${said}</value>`))).toBe(said));
});

test('an answer that is none is an error, and reaches into nothing', () => {
  always(near(value.map((said) => answer(dump(said)))), (xml) => {
    try {
      parseResponse(xml);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

test('a fault is thrown as one, whatever it says', () => {
  always(fc.tuple(fc.integer(), hostileText), ([faultCode, faultString]) => {
    const xml = `<methodResponse><fault>${dump({ faultCode, faultString })}</fault></methodResponse>`;
    expect(() => parseResponse(xml)).toThrow(new XmlRpcFault(faultCode, faultString));
  });
});

test('a call holds as many tags as it has places, whatever stands in them', () => {
  always(fc.array(hostileText, { maxLength: 4 }), (params) => {
    const tags = renderCall('supervisor.addProcessGroup', params).match(/</g) ?? [];
    expect(tags).toHaveLength(7 + 6 * params.length);
  });
});
