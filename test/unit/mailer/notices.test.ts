import { HourIsFullError } from '../../../mailer/notices.ts';
import { alarm, ended, HOUR, noticeWorld } from './notice-world.ts';

let world: ReturnType<typeof noticeWorld>;
beforeEach(() => (world = noticeWorld()));
afterEach(() => world.end());

const recipients = () => world.written.map(({ to }) => to.join());
const textOf = async (at: number) => (await world.spool.content(world.written[at]!.id)).toString('latin1');

test('to whom it goes, and from whom, is root’s to say', async () => {
  world.tell(
    { address: 'a@there.example' },
    { address: 'b@there.example', events: ['operation.failed'] },
    { address: 'c@there.example', events: ['notification.alarm', 'operation.failed'] },
    { address: 'd@there.example', since: '2026-01-02T04:00:00.000Z' },
  );
  const notices = await world.start();
  expect(await notices.take([alarm(1)])).toEqual({ letters: 2, repeated: 0 });
  expect(recipients()).toEqual(['a@there.example', 'c@there.example']);
  expect(world.written[0]).toMatchObject({ from: 'sculptor@sent.example', site: 'agent' });
  expect(await notices.take([ended('failed')])).toEqual({ letters: 3, repeated: 0 });
  expect(await notices.take([ended('succeeded')])).toEqual({ letters: 0, repeated: 1 });
  expect(await textOf(0)).toContain('To: a@there.example\r\n');
});

test('who may be told asks which events are wanted, and hears no address', async () => {
  world.tell({ address: 'a@there.example', events: ['operation.*'] });
  const notices = await world.start();
  expect(await notices.wanted()).toEqual([{ events: ['operation.*'], since: '2026-01-01T00:00:00.000Z' }]);
});

test('asked for again it is written once, also after a new start, and to who is new alone', async () => {
  world.tell({ address: 'a@there.example' });
  const notices = await world.start();
  await notices.take([alarm(1)]);
  expect(await notices.take([alarm(1), alarm(1)])).toEqual({ letters: 0, repeated: 1 });
  await world.spool.remove(world.written[0]!.id);
  expect(await (await world.start()).take([alarm(1)])).toEqual({ letters: 0, repeated: 1 });
  world.tell({ address: 'a@there.example' }, { address: 'b@there.example' });
  expect(await (await world.start()).take([alarm(1)])).toEqual({ letters: 1, repeated: 1 });
  expect(recipients()).toEqual(['a@there.example', 'b@there.example']);
});

test('two that ask for the same at once get one letter', async () => {
  world.tell({ address: 'a@there.example' });
  const notices = await world.start();
  await Promise.all([notices.take([alarm(1)]), notices.take([alarm(1)])]);
  expect(recipients()).toHaveLength(1);
});

test('a mailer that is killed once the letter lies in the spool does not write it a second time', async () => {
  world.tell({ address: 'a@there.example' });
  const killed = await world.start({
    add: async (waiting, content) => {
      await world.spool.add(waiting, content);
      throw new Error('killed');
    },
  });
  await expect(killed.take([alarm(1)])).rejects.toThrow('killed');
  const next = await world.start();
  expect(await next.take([alarm(1)])).toEqual({ letters: 0, repeated: 1 });
  expect((await world.spool.load()).waiting).toHaveLength(1);
});

test('what cannot be put on the disk is asked for again, and no one is taken for told', async () => {
  world.tell({ address: 'a@there.example' });
  const full = await world.start({ add: () => Promise.reject(new Error('ENOSPC')) });
  await expect(full.take([alarm(1)])).rejects.toThrow('ENOSPC');
  expect(await (await world.start()).take([alarm(1)])).toEqual({ letters: 1, repeated: 0 });
});

test('in an hour so many letters as root says, however they are asked for; then all the rest in one', async () => {
  world.tell({ address: 'a@there.example' });
  world.set.notices = { ...world.set.notices, perHour: 3 };
  const notices = await world.start();
  const asked = Array.from({ length: 10 }, (_, at) => notices.take([alarm(at + 1)]));
  const refused = (await Promise.allSettled(asked)).flatMap((one) =>
    one.status === 'rejected' ? [one.reason as HourIsFullError] : [],
  );
  expect(refused).toHaveLength(7);
  expect(refused[0]).toBeInstanceOf(HourIsFullError);
  expect(refused[0]).toMatchObject({ status: 429, seconds: 3600 });
  await expect((await world.start()).take([alarm(4)])).rejects.toMatchObject({ status: 429 });
  world.clock.now += HOUR;
  const rest = Array.from({ length: 10 }, (_, at) => alarm(at + 1));
  expect(await notices.take(rest)).toEqual({ letters: 1, repeated: 0 });
  expect(recipients()).toHaveLength(4);
  const digest = await textOf(3);
  expect(digest).toContain('Subject: [host.example] 7 notifications: 7 notification.alarm\r\n');
  expect(digest.match(/cron is failed/g)).toHaveLength(7);
});

test('operations that fail take no letter from alarms, nor these from them', async () => {
  world.tell({ address: 'a@there.example' });
  world.set.notices = { ...world.set.notices, perHour: 1 };
  const notices = await world.start();
  const failed = (id: string) => ({ ...ended('failed'), id });
  expect(await notices.take([failed('one')])).toMatchObject({ letters: 1 });
  await expect(notices.take([failed('two')])).rejects.toMatchObject({ status: 429 });
  expect(await notices.take([alarm(1)])).toMatchObject({ letters: 1 });
  await expect(notices.take([alarm(2)])).rejects.toMatchObject({ status: 429 });
});

test('while no host is set nothing is taken and nothing counted', async () => {
  world.tell({ address: 'a@there.example' });
  const set = world.set.mail;
  world.set.mail = { ...set, submission: null };
  const notices = await world.start();
  await expect(notices.take([alarm(1)])).rejects.toMatchObject({ status: 503 });
  world.set.mail = set;
  expect(await notices.take([alarm(1)])).toEqual({ letters: 1, repeated: 0 });
});

test('nobody who is told of anything is left out of a test', async () => {
  world.tell({ address: 'a@there.example', events: ['operation.failed'] });
  const test = { type: 'mail.test', timestamp: '2026-01-02T03:04:05Z', data: { tenant: null } } as const;
  expect(await (await world.start()).take([{ id: 'test_1', event: test }])).toMatchObject({ letters: 1 });
  expect(await textOf(0)).toContain('This is a test: mail of this server reaches you.');
});
