import fc from 'fast-check';
import { Limits, readLimits } from '../../../worker-privileged/executor/system/limits.ts';
import { installedVersions } from '../../../worker-privileged/executor/system/php-fpm.ts';
import { readHandedOver } from '../../../worker-privileged/executor/server/handed-over.ts';
import { createLineSplitter } from '../../../worker-privileged/line-splitter.ts';
import { always, alwaysInTime, hostileText, near } from './chance.ts';

/* What the privileged side reads of the server: its files, what systemd hands over, what the executor answers. */

test('limits are those of the file, or the file is refused: never more than it says', async () => {
  const good = fc.record(
    { graceHours: fc.integer({ min: 0, max: 8760 }), destroyPerHour: fc.nat({ max: 1000 }) },
    { requiredKeys: [] },
  );
  const text = fc.oneof(
    near(good.map((limits) => JSON.stringify(limits))),
    hostileText,
    fc.json({ maxDepth: 2 }),
  );
  await alwaysInTime(text, async (written) => {
    const read = await readLimits({ read: () => Promise.resolve(written) }).catch(
      (refused: unknown) => refused,
    );
    if (read instanceof Error) {
      expect((read as { failure?: { code: string } }).failure?.code).toBe('server_broken');
      return;
    }
    const said = JSON.parse(written) as object;
    expect(read).toEqual({ ...Limits.parse({}), ...said });
  });
});

test('what systemd hands over is for this process, from the first number on, or it is nothing', () => {
  const names = fc.array(fc.oneof(fc.constantFrom('executor', 'notify', 'stored'), hostileText), {
    maxLength: 5,
  });
  const given = fc.record(
    {
      LISTEN_PID: fc.oneof(fc.constantFrom('7', '07', '7 ', '8'), hostileText),
      LISTEN_FDNAMES: fc.oneof(
        names.map((all) => all.join(':')),
        hostileText,
      ),
      WATCHDOG_USEC: fc.oneof(fc.nat().map(String), hostileText),
    },
    { requiredKeys: [] },
  );
  always(given, (environment) => {
    const { listenFd, watchdog } = readHandedOver(environment, 7);
    if (environment.LISTEN_PID !== '7') expect([listenFd, watchdog]).toEqual([null, null]);
    const count = (environment.LISTEN_FDNAMES ?? '').split(':').length;
    for (const fd of [listenFd, watchdog?.fd ?? null]) {
      if (fd !== null) expect([fd >= 3, fd < 3 + count]).toEqual([true, true]);
    }
    if (watchdog) expect(watchdog.everyMs).toBeGreaterThan(0);
  });
});

test('the PHP versions are those of the programs that are there, in their order, and no other file', () => {
  const program = fc
    .tuple(fc.integer({ min: 5, max: 9 }), fc.nat({ max: 30 }))
    .map(([major, minor]) => `php-fpm${major}.${minor}`);
  always(fc.array(fc.oneof(program, near(program))), (files) => {
    const found = installedVersions(files);
    expect(found.filter((version) => !files.includes(`php-fpm${version}`))).toEqual([]);
    const numbers = found.map((version) => version.split('.').map(Number) as [number, number]);
    for (const [at, [major, minor]] of numbers.slice(1).entries()) {
      const [before, beforeMinor] = numbers[at] as [number, number];
      expect(before < major || (before === major && beforeMinor <= minor)).toBe(true);
    }
  });
});

test('lines of the executor are read alike however they are cut, and none that is too long', () => {
  const line = fc
    .oneof(fc.string({ unit: 'grapheme', maxLength: 12 }), hostileText)
    .map((text) => Buffer.from(text.replaceAll('\n', ' ')).toString());
  always(fc.tuple(fc.array(line, { maxLength: 6 }), fc.integer({ min: 1, max: 9 })), ([lines, size]) => {
    const read: string[] = [];
    let broken = false;
    const take = createLineSplitter(16, { line: (one) => read.push(one), tooLong: () => (broken = true) });
    const bytes = Buffer.from(lines.map((one) => `${one}\n`).join(''));
    for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
    const firstLong = lines.findIndex((one) => Buffer.byteLength(one) > 16);
    expect([broken, read]).toEqual([firstLong >= 0, firstLong >= 0 ? lines.slice(0, firstLong) : lines]);
  });
});
