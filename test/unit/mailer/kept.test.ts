import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MailSite } from '../../../contract/mail.ts';
import { createHourly } from '../../../mailer/hourly.ts';
import { createSpool, newMessageId } from '../../../mailer/spool.ts';

const SITE = 'a1b2c3d4e5f6' as MailSite;
let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mailer-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('fifty at once against a limit of ten: ten are taken', async () => {
  const hourly = createHourly(folder);
  const taken = await Promise.all(
    Array.from({ length: 50 }, () => hourly.take(SITE, { count: 1, most: 10 })),
  );
  expect(taken.filter(Boolean)).toHaveLength(10);
});

test('a new start is no new hour, and an hour later there is room again', async () => {
  let now = 0;
  await createHourly(folder, () => now).take(SITE, { count: 7, most: 10 });
  now = 59 * 60_000;
  expect(await createHourly(folder, () => now).left(SITE, 10)).toBe(3);
  expect(await createHourly(folder, () => now).take(SITE, { count: 4, most: 10 })).toBe(false);
  now = 60 * 60_000;
  expect(await createHourly(folder, () => now).left(SITE, 10)).toBe(10);
});

test('what a clock that was ahead has counted is of no hour', async () => {
  let now = 26 * 3_600_000;
  const hourly = createHourly(folder, () => now);
  for (let at = 0; at < 70; at += 1) {
    now += 60_000;
    await hourly.take(SITE, { count: 1, most: 1000 });
  }
  now = 0;
  expect(await hourly.left(SITE, 10)).toBe(10);
  expect(await hourly.take(SITE, { count: 10, most: 10 })).toBe(true);
  expect(await hourly.take(SITE, { count: 1, most: 10 })).toBe(false);
});

test('a count that cannot be read is no count of nothing', async () => {
  writeFileSync(join(folder, `${SITE}.json`), 'x');
  await expect(createHourly(folder).take(SITE, { count: 1, most: 10 })).rejects.toThrow();
});

test('the spool has after a start what was taken, and nothing that was not', async () => {
  const spool = createSpool(folder);
  const one = {
    id: newMessageId(),
    site: SITE,
    from: 'f@x.example',
    to: ['a@x.example'],
    size: 1,
    since: 1,
    attempts: 0,
    next: 1,
  };
  await spool.add(one, Buffer.from('text'));
  writeFileSync(join(folder, '.draft-0011'), 'half');
  writeFileSync(join(folder, `${newMessageId()}.eml`), 'no envelope');
  writeFileSync(join(folder, 'broken.json'), '{');
  expect(await spool.load()).toEqual({ waiting: [one], broken: ['broken.json'] });
  expect((await spool.content(one.id)).toString()).toBe('text');
  expect(readdirSync(folder).sort()).toEqual([`${one.id}.eml`, `${one.id}.json`, 'broken.json'].sort());
});
