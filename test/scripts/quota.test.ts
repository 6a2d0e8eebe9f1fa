import { spawnSync } from 'node:child_process';

/* The limits of the disk, in a kernel that counts projects: what is asked there stands in test/quota/in-the-kernel.ts. */

const CANNOT = 77;
const { status, stdout, stderr } = spawnSync('scripts/quota.sh', { encoding: 'utf8', timeout: 600_000 });
const results = [...stdout.matchAll(/^(ok|not ok) [0-9]+ - (.+)$/gm)];

if (status === CANNOT) {
  test.skip(`in a kernel that counts projects: ${stderr.trim()}`, () => undefined);
} else {
  test.each(results.map(([, how, sentence]) => [sentence, how]))('%s', (_sentence, how) => {
    expect(how).toBe('ok');
  });

  test('all of it was asked', () => {
    expect([status, results.length > 10]).toEqual([0, true]);
  });
}
