import type { DomainId } from '../../../contract/ids.ts';
import { createSupervisorMasters } from '../../../worker-privileged/executor/system/supervisor.ts';
import {
  parseResponse,
  renderCall,
  XmlRpcFault,
  type XmlRpc,
} from '../../../worker-privileged/executor/system/xml-rpc.ts';
import { failureOf } from './sites.ts';

const id = 'a1b2c3d4e5f6' as DomainId;
const pool = { id, user: `s-${id}`, isolation: 'site', share: { memoryBytes: null, tasks: null } } as const;
const group = `sculptor-php-${id}`;
const conf = `/etc/supervisor/conf.d/${group}.conf`;

/** A supervisord: the groups it runs, the files it would read, and what it was asked. */
function supervisor({ refuses = 0, state = 'RUNNING' } = {}) {
  const files = new Map<string, string>();
  const groups = new Set<string>();
  const asked: string[] = [];
  const unknown = () => Promise.reject(new XmlRpcFault(10, 'BAD_NAME'));
  const methods: Record<string, (name: string) => Promise<unknown>> = {
    'supervisor.reloadConfig': () =>
      refuses-- > 0 ? Promise.reject(new XmlRpcFault(92, 'CANT_REREAD')) : Promise.resolve([]),
    'supervisor.addProcessGroup': (name) => Promise.resolve(groups.add(name).size > 0),
    'supervisor.removeProcessGroup': (name) => (groups.delete(name) ? Promise.resolve(true) : unknown()),
    'supervisor.stopProcessGroup': (name) => (groups.has(name) ? Promise.resolve([]) : unknown()),
    'supervisor.getProcessInfo': (name) =>
      groups.has(name.split(':')[0] ?? '') ? Promise.resolve({ statename: state }) : unknown(),
    'supervisor.stopProcess': () => Promise.resolve(true),
    'supervisor.startProcess': () => Promise.resolve(true),
  };
  const call: XmlRpc = (method, params) => {
    asked.push(method.replace('supervisor.', ''));
    return methods[method]!(String(params[0]));
  };
  const masters = createSupervisorMasters({
    call,
    files: {
      read: (path) => Promise.resolve(files.get(path) ?? null),
      replace: (path, text) => {
        const before = files.get(path);
        files.set(path, text);
        return Promise.resolve(() => {
          if (before === undefined) files.delete(path);
          else files.set(path, before);
          return Promise.resolve();
        });
      },
      remove: (path) => {
        files.delete(path);
        return Promise.resolve(() => Promise.resolve());
      },
    },
  });
  return { masters, files, groups, asked };
}

test('a site’s program is on when Supervisor runs it from our file', async () => {
  const { masters, groups, files } = supervisor();
  expect(await masters.lookOn(pool)).toBe('the program is not as it should be');
  await masters.turnOn(pool);
  expect(await masters.lookOn(pool)).toBeNull();
  expect([...groups]).toEqual([group]);
  files.set(conf, 'something else');
  expect(await masters.lookOn(pool)).toBe('the program is not as it should be');
});

test('a site’s program is off when neither the file nor the program is there', async () => {
  const { masters } = supervisor();
  expect(await masters.lookOff(pool)).toBeNull();
  await masters.turnOn(pool);
  expect(await masters.lookOff(pool)).toBe('the program is configured');
  await masters.turnOff(pool);
  expect(await masters.lookOff(pool)).toBeNull();
  await masters.turnOff(pool);
});

test('a file that Supervisor refuses is taken out again, so that it stops nobody else', async () => {
  const { masters, files, groups } = supervisor({ refuses: 1 });
  expect(await failureOf(masters.turnOn(pool))).toBe('config_refused');
  expect(files.size).toBe(0);
  expect(groups.size).toBe(0);
});

test('a foreign file that stops Supervisor is told', async () => {
  const { masters, files } = supervisor({ refuses: 2 });
  expect(await failureOf(masters.turnOn(pool))).toBe('server_broken');
  expect(files.size).toBe(0);
});

test('a php-fpm that does not start is taken out again', async () => {
  const { masters, files, groups } = supervisor({ state: 'FATAL' });
  expect(await failureOf(masters.turnOn(pool))).toBe('config_refused');
  expect(files.size).toBe(0);
  expect(groups.size).toBe(0);
});

test('refreshing starts a program that is there anew, and makes none', async () => {
  const { masters, asked } = supervisor();
  await masters.refresh(pool);
  expect(asked).toEqual(['getProcessInfo']);
  await masters.turnOn(pool);
  asked.length = 0;
  await masters.refresh(pool);
  expect(asked).toEqual(['getProcessInfo', 'stopProcess', 'startProcess']);
});

test('a call is XML whose values cannot leave their place', () => {
  expect(renderCall('supervisor.addProcessGroup', ['</string>&<x>', 3, true])).toBe(
    '<?xml version="1.0"?><methodCall><methodName>supervisor.addProcessGroup</methodName><params>' +
      '<param><value><string>&lt;/string&gt;&amp;&lt;x&gt;</string></value></param>' +
      '<param><value><int>3</int></value></param><param><value><boolean>1</boolean></value></param>' +
      '</params></methodCall>',
  );
});

test('an answer is read with its structs, lists, numbers and escapes', () => {
  const xml = `<?xml version='1.0'?>
<methodResponse>
<params>
<param>
<value><struct>
<member>
<name>statename</name>
<value><string>RUNNING</string></value>
</member>
<member>
<name>pid</name>
<value><int>42</int></value>
</member>
<member><name>spawnerr</name><value><string></string></value></member>
<member><name>description</name><value>a &lt;b&gt; &amp;amp;</value></member>
<member><name>list</name><value><array><data>
<value><boolean>1</boolean></value>
<value><array><data></data></array></value>
</data></array></value></member>
</struct></value>
</param>
</params>
</methodResponse>
`;
  expect(parseResponse(xml)).toEqual({
    statename: 'RUNNING',
    pid: 42,
    spawnerr: '',
    description: 'a <b> &amp;',
    list: [true, []],
  });
});

test.each(['toString', 'constructor', '__proto__'])('text without a type may say %s', (word) => {
  expect(parseResponse(`<value>${word}</value>`)).toBe(word);
});

test('a fault is thrown with its number', () => {
  const xml = `<?xml version='1.0'?><methodResponse><fault><value><struct>
<member><name>faultCode</name><value><int>10</int></value></member>
<member><name>faultString</name><value><string>BAD_NAME: x</string></value></member>
</struct></value></fault></methodResponse>`;
  expect(() => parseResponse(xml)).toThrow(new XmlRpcFault(10, 'BAD_NAME: x'));
});

test.each([
  '',
  'nonsense',
  '<methodResponse><params><param><value><int>1',
  '<value><struct><member></value>',
])('the answer %j is none', (xml) => {
  expect(() => parseResponse(xml)).toThrow(Error);
});
