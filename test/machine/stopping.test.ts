import { setTimeout as pause } from 'node:timers/promises';
import { accepted, createDomain, operationId, readOperation, ready, succeeded, unique } from './agent.ts';
import { must, page } from './server.ts';

/* Processes of the agent that are told to stop while they are at work. systemd kills what takes longer than 30 s. */

beforeAll(ready);

const UNITS = [
  'sculptor-api',
  'sculptor-worker-privileged',
  'sculptor-worker-unprivileged',
  'sculptor-executor',
];

function resultOf(unit: string): string {
  return must('systemctl', ['show', '--property=Result', '--value', unit]).trim();
}

test.each(UNITS)('%s ends by itself while ten sites are made, and each site comes about', async (unit) => {
  const names = Array.from({ length: 10 }, () => `${unique('stop')}.example`);
  const answers = await Promise.all(names.map((name) => accepted('POST', '/v1/domains', { body: { name } })));
  must('systemctl', ['stop', unit]);
  expect(resultOf(unit)).toBe('success');
  must('systemctl', ['start', unit]);
  await ready();
  for (const answer of answers) await succeeded(answer);
  for (const name of names) expect((await page(name))[0]).not.toBe(503);
});

test('an operation that takes longer than a worker may, when it stops, goes back in the queue, and is done once', async () => {
  const { id, name } = await createDomain({ name: `${unique('long')}.example`, type: 'static' });
  const command = ['sh', '-c', 'echo begun >> private/times; sleep 20; echo ended >> private/times'];
  const answer = await accepted('POST', `/v1/domains/${id}/runs`, { body: { command } });
  const operation = operationId(answer);
  while ((await readOperation(operation)).steps.length === 0 && !begun(name)) await pause(50);
  must('systemctl', ['stop', 'sculptor-worker-privileged']);
  expect(resultOf('sculptor-worker-privileged')).toBe('success');
  expect((await readOperation(operation)).status).toBe('queued');
  must('systemctl', ['start', 'sculptor-worker-privileged']);
  await succeeded(answer);
  expect(must('cat', [`/home/www/${name}/private/times`])).toBe('begun\nended\n');
});

function begun(name: string): boolean {
  return must('sh', ['-c', `cat /home/www/${name}/private/times 2>/dev/null || true`]) !== '';
}
