import type { Defence } from '../defence.ts';

/** What installs itself, and what is not begun meanwhile. */
export const UPDATES: readonly Defence[] = [
  {
    name: 'security updates alone',
    against: 'whatever else the distribution would install by itself, at night and unasked',
    change: {
      file: 'systemd/apt/updates.conf',
      from: '#clear Unattended-Upgrade::Origins-Pattern;\n',
      to: '',
    },
    noticed: {
      file: 'test/machine/updates.test.ts',
      test: 'takes a security update and no point release, of a package that has both the security update',
    },
  },
  {
    name: 'dpkg’s lock is root’s',
    against: 'a tenant who holds a lock and with it whatever others ask for',
    change: {
      file: 'worker-privileged/executor/system/updates.ts',
      from: 'return /^Uid:\\t0\\t/m.test(status);',
      to: "return status !== '';",
    },
    noticed: { file: 'test/unit/executor/updates.test.ts', test: 'where whoever has the lock is not root' },
  },
  {
    name: 'nothing is begun while packages are replaced',
    against: 'an operation that starts what is half replaced',
    change: {
      file: 'worker-privileged/run-operation.ts',
      from: 'if (!(await parts.mayBegin())) return false;',
      to: '',
    },
    noticed: {
      file: 'test/integration/worker/making-room.test.ts',
      test: 'nothing is begun while packages are replaced, and what waits is begun without a wake-up',
    },
  },
];
