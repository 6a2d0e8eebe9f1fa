import { UpdateQueue } from '../../../contract/queues.ts';
import { CreateQueue } from '../../../contract/site-parts.ts';
import { accepted } from './samples.ts';
import { sculptorctl } from './sculptorctl.ts';

const QUEUES = '/v1/domains/shop.example/queues';
const AGREED = accepted({});
const OPTIONS = [
  ...['--processes', '2', '--directory', 'private', '--env', 'A=b=c', '--env', 'D=', '--stop-signal', 'USR1'],
  ...[
    '--stop-seconds',
    '3',
    '--memory-mb',
    '64',
    '--cpu-percent',
    '50',
    '--no-boot',
    '--public-port',
    '25565/udp',
  ],
];
const MADE = {
  processes: 2,
  workingDirectory: 'private',
  environment: { A: 'b=c', D: '' },
  stopSignal: 'USR1',
  stopSeconds: 3,
  memoryMb: 64,
  cpuPercent: 50,
  startOnBoot: false,
  publicPort: { port: 25_565, protocol: 'udp' },
};

test('every field of a queue has an option, and what stands after -- is its command, word by word', async () => {
  const words = ['queue', 'create', 'shop.example', 'mails', ...OPTIONS, '--', 'sh', '-c', '--processes', ''];
  const { asked } = await sculptorctl([...words, '--no-wait'], { [`POST ${QUEUES}`]: [AGREED] });
  const body = asked[0]?.body as object;
  expect(body).toEqual({ name: 'mails', command: ['sh', '-c', '--processes', '', '--no-wait'], ...MADE });
  expect(Object.keys(body).sort()).toEqual(Object.keys(CreateQueue.shape).sort());
});

test('an update sends what was named, and a command only where there is one', async () => {
  const address = `${QUEUES}/mails`;
  const bodyOf = async (...words: readonly string[]) => {
    const answers = { [`PATCH ${address}`]: [AGREED] };
    const all = ['--no-wait', 'queue', 'update', 'shop.example', 'mails', ...words];
    return (await sculptorctl(all, answers)).asked[0]?.body;
  };
  expect(await bodyOf('--processes', '2')).toEqual({ processes: 2 });
  expect(await bodyOf('--public-port', '25565')).toEqual({ publicPort: { port: 25_565, protocol: 'tcp' } });
  expect(await bodyOf('--no-public-port')).toEqual({ publicPort: null });
  expect(await bodyOf('--boot', '--', 'sleep', '1')).toEqual({ startOnBoot: true, command: ['sleep', '1'] });
  expect(UpdateQueue.safeParse(await bodyOf(...OPTIONS)).success).toBe(true);
});

test.each([
  [['update', 'shop.example', 'mails'], /Say what is to change/],
  [['update', 'shop.example', 'mails', '--env', 'nothing'], /NAME=VALUE/],
  [['create', 'shop.example', 'mails'], /missing required argument 'command'/],
  [['create', 'shop.example', 'mails', '--stop-signal', 'STOP', '--', 'x'], /Allowed choices/],
  [['update', 'shop.example', 'mails', '--public-port', 'ssh'], /a number, with \/udp/],
  [['create', 'shop.example', 'mails', '--processes', 'many', '--', 'x'], /A number/],
])('queue %j is refused before anything is asked', async (words, why) => {
  const { code, err, asked } = await sculptorctl(['queue', ...words]);
  expect(code).not.toBe(0);
  expect(err).toMatch(why);
  expect(asked).toEqual([]);
});
