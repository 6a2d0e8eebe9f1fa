import { watchdogOf } from '../../../runtime/watchdog.ts';
import { readHandedOver } from '../../../worker-privileged/executor/server/handed-over.ts';

test('systemd hears four times in the time after which it would end the process', () => {
  const environment = { WATCHDOG_USEC: '60000000', LISTEN_FDNAMES: 'notify' };
  expect(watchdogOf(environment)).toEqual({ descriptor: 3, everyMs: 15_000 });
});

test.each([{}, { WATCHDOG_USEC: '0' }, { WATCHDOG_USEC: 'x' }])(
  'where nobody asks for signs of life, as %j, none are given',
  (environment) => expect(watchdogOf({ ...environment, LISTEN_FDNAMES: 'notify' })).toBeUndefined(),
);

test('a process that could give no sign of life does not begin', () => {
  expect(() => watchdogOf({ WATCHDOG_USEC: '60000000', LISTEN_FDNAMES: 'other' })).toThrow('signs of life');
});

test.each([
  ['executor:notify', { listenFd: 3, watchdog: { fd: 4, everyMs: 15_000 } }],
  ['notify:executor', { listenFd: 4, watchdog: { fd: 3, everyMs: 15_000 } }],
  ['executor', { listenFd: 3, watchdog: null }],
])('the executor tells by their names what it was handed as %s', (LISTEN_FDNAMES, expected) => {
  const environment = { LISTEN_PID: '7', LISTEN_FDNAMES, WATCHDOG_USEC: '60000000' };
  expect(readHandedOver(environment, 7)).toEqual(expected);
});

test('what was handed to another process is not the executor’s', () => {
  const environment = { LISTEN_PID: '6', LISTEN_FDNAMES: 'executor:notify', WATCHDOG_USEC: '60000000' };
  expect(readHandedOver(environment, 7)).toEqual({ listenFd: null, watchdog: null });
});
