import { tmpdir } from 'node:os';
import { MailSettings, type MailSite } from '../../../contract/mail.ts';
import { createAcceptance } from '../../../mailer/acceptance.ts';
import type { Waiting } from '../../../mailer/spool.ts';

const MIB = 2 ** 20;
const SET = MailSettings.parse({
  submission: { host: 'mail.example', port: 587, security: 'starttls', login: null },
});
const siteOf = (number: number) => `a${String(number).padStart(11, '0')}` as MailSite;
const handed = (mib: number) => ({
  raw: Buffer.concat([Buffer.from('Subject: x\n\n'), Buffer.alloc(mib * MIB, 'x')]),
  byHeader: false,
  to: ['a@there.example'],
  from: null,
});

/** A spool that takes its time, and what waits in it. */
function world(before: readonly Pick<Waiting, 'site' | 'size'>[] = []) {
  const waiting = [...before];
  const octets = (some: readonly Pick<Waiting, 'size'>[]) => some.reduce((sum, { size }) => sum + size, 0);
  const acceptance = createAcceptance({
    settings: () => Promise.resolve(SET),
    serverName: 'server.example',
    hourly: { left: () => Promise.resolve(100), take: () => Promise.resolve(true) },
    spool: { add: () => new Promise((resolve) => setImmediate(resolve)) },
    delivery: {
      add: (one) => void waiting.push(one),
      waitingOf: (site) => ({ octets: octets(waiting.filter((one) => one.site === site)) }),
      octets: () => octets(waiting),
    },
    folder: tmpdir(),
  });
  return { acceptance, waiting };
}

test('messages that come at one moment do not go beyond the share of their site together', async () => {
  const { acceptance, waiting } = world([{ site: siteOf(1), size: 97 * MIB }]);
  const all = Array.from({ length: 3 }, () => acceptance.accept(siteOf(1), handed(2)));
  await Promise.allSettled(all);
  expect(waiting.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(100 * MIB);
});

test('what was refused for want of room takes none', async () => {
  const { acceptance } = world([{ site: siteOf(1), size: 97 * MIB }]);
  await expect(acceptance.accept(siteOf(1), handed(4))).rejects.toMatchObject({ status: 503 });
  await expect(acceptance.accept(siteOf(1), handed(2))).resolves.toMatchObject({ recipients: 1 });
});

test('before its body is read, room is asked for with its length', async () => {
  const { acceptance } = world([{ site: siteOf(1), size: 97 * MIB }]);
  await expect(acceptance.admit(siteOf(1), 4 * MIB)).rejects.toMatchObject({ status: 503 });
  await expect(acceptance.admit(siteOf(1), 2 * MIB)).resolves.toBeUndefined();
});

test('sites of one owner, however many, do not fill the spool for the others', async () => {
  const many = Array.from({ length: 20 }, (_, number) => ({ site: siteOf(number), size: 97 * MIB }));
  const { acceptance } = world(many);
  // 108 MiB are free: nobody has more than what is free beside it.
  await expect(acceptance.admit(siteOf(1), 2 * MIB)).resolves.toBeUndefined();
  await expect(acceptance.admit(siteOf(30), 60 * MIB)).rejects.toMatchObject({ status: 503 });
  await expect(acceptance.admit(siteOf(30), 20 * MIB)).resolves.toBeUndefined();
});
