import { pino } from 'pino';
import { MailSettings, type MailSite } from '../../../contract/mail.ts';
import { createDelivery } from '../../../mailer/delivery.ts';
import { createHostWatch } from '../../../mailer/host-watch.ts';
import type { Spool, Waiting } from '../../../mailer/spool.ts';
import type { Outcome } from '../../../mailer/submission.ts';

const SITE = 'a1b2c3d4e5f6' as MailSite;
const AWAY: Outcome = { kind: 'away', said: 'refused', mend: false };
const TAKEN: Outcome = { kind: 'answered', refused: [], later: [] };
const SET = MailSettings.parse({
  submission: { host: 'mail.example', port: 587, security: 'starttls', login: null },
});

function world() {
  const clock = { now: 1_000_000 };
  const kept = new Map<string, Waiting>();
  const asked: string[] = [];
  const say = { outcome: TAKEN, open: true };
  const spool: Spool = {
    load: () => Promise.resolve({ waiting: [], broken: [] }),
    add: (waiting) => Promise.resolve(void kept.set(waiting.id, waiting)),
    content: () => Promise.resolve(Buffer.from('x')),
    update: (waiting) => Promise.resolve(void kept.set(waiting.id, waiting)),
    remove: (id) => Promise.resolve(void kept.delete(id)),
  };
  const logger = pino({ level: 'silent' });
  const now = () => clock.now;
  const delivery = createDelivery({
    spool,
    submit: (_, { to }) => {
      asked.push(to.join());
      return Promise.resolve(say.outcome);
    },
    settings: () => Promise.resolve(SET),
    host: createHostWatch(logger, now),
    isOpen: () => say.open,
    logger,
    now,
  });
  const take = async (id: string, to = [`${id}@there.example`]) => {
    const one = {
      id,
      site: SITE,
      from: 'f@x.example',
      to,
      size: 1,
      since: clock.now,
      attempts: 0,
      next: clock.now,
    };
    await spool.add(one, Buffer.from('x'));
    delivery.add(one);
  };
  const later = async (ms: number) => {
    clock.now += ms;
    await delivery.round();
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return { kept, asked, say, take, later };
}

test('a message that is taken leaves the spool', async () => {
  const { kept, take, later } = world();
  await take('one');
  await later(0);
  expect([...kept.keys()]).toEqual([]);
});

test('a host that is away is asked ever more rarely, not for each message, and nothing is dropped', async () => {
  const { kept, asked, say, take, later } = world();
  say.outcome = AWAY;
  for (const id of ['one', 'two', 'three']) await take(id);
  await later(0);
  const first = asked.length;
  expect(first).toBeLessThanOrEqual(2);
  await later(1_000);
  expect(asked.length).toBe(first);
  await later(1_500);
  expect(asked.length).toBeGreaterThan(first);
  expect(kept.size).toBe(3);
  say.outcome = TAKEN;
  await later(300_000);
  await later(1);
  expect(kept.size).toBe(0);
});

test('those that the host puts off are tried again, and they alone', async () => {
  const { kept, asked, say, take, later } = world();
  say.outcome = {
    kind: 'answered',
    refused: [],
    later: [{ recipient: 'b@there.example', code: 450, said: '' }],
  };
  await take('one', ['a@there.example', 'b@there.example']);
  await later(0);
  expect(kept.get('one')?.to).toEqual(['b@there.example']);
  say.outcome = TAKEN;
  await later(29_000);
  expect(asked).toEqual(['a@there.example,b@there.example']);
  await later(2_000);
  expect(asked.at(-1)).toBe('b@there.example');
  expect(kept.size).toBe(0);
});

test('what a site has left waits while the site is gone, and not for ever', async () => {
  const { kept, asked, say, take, later } = world();
  say.open = false;
  await take('one');
  await later(60_000);
  expect([asked, kept.size]).toEqual([[], 1]);
  await later(6 * 86_400_000);
  expect([asked, kept.size]).toEqual([[], 0]);
});
