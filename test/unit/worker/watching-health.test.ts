import { HealthSettings } from '../../../contract/alarms.ts';
import type { ServerLook } from '../../../contract/health.ts';
import { ServerId } from '../../../contract/ids.ts';
import { readingsOf, sampleOf } from '../../../worker-privileged/watching-health.ts';

const AT = '2026-01-02T03:04:00.000Z';
const LOOK: ServerLook = {
  ...{
    cpus: 2,
    ticks: { busy: 1500, total: 4000 },
    memory: { bytes: 1000, available: 250 },
    load: [1, 3, 2],
  },
  places: [{ place: '/', bytes: 10, percent: 50, inodesPercent: null }],
  services: [{ name: 'nginx', well: false, state: 'failed (failed)' }],
  ...{ certificateEnds: '2026-01-12T03:04:00.000Z', awake: [] },
};
const last = { busy: 1000, total: 3000 };

test('what lies between two looks is the use of the processors; of one look, or across a start, none is known', () => {
  const cpuOf = (before: ServerLook['ticks'] | undefined) =>
    sampleOf(LOOK, { last: before, dump: null, at: AT }).cpuPercent;
  expect(cpuOf(last)).toBe(50);
  expect([cpuOf(undefined), cpuOf({ busy: 9000, total: 9000 }), cpuOf(LOOK.ticks)]).toEqual([
    null,
    null,
    null,
  ]);
  expect(sampleOf(LOOK, { last, dump: null, at: AT }).memoryPercent).toBe(75);
});

function values(change: Partial<ServerLook> = {}, dump: { at: string; ok: boolean } | null = null) {
  const sample = sampleOf({ ...LOOK, ...change }, { last, dump, at: AT });
  const { alarms: rules } = HealthSettings.parse({});
  const where = { server: ServerId.parse('default'), serverName: 'machine.example' };
  const readings = readingsOf(sample, { ...where, rules, now: Date.parse(AT) });
  return Object.fromEntries(readings.map(({ kind, subject, value }) => [`${kind} ${subject}`, value]));
}

test('each measure is read for its alarm, the load for each processor', () => {
  expect(values()).toEqual({
    ...{ 'cpu server': 50, 'memory server': 75, 'load server': 1.5, 'disk /': 50 },
    ...{ 'service nginx': 1, 'certificate server': 10 },
  });
});

test('what is not measured is not read', () => {
  expect(values({ certificateEnds: null, places: [], services: [] })).toEqual({
    ...{ 'cpu server': 50, 'memory server': 75, 'load server': 1.5 },
  });
});

test.each([
  [{ at: '2026-01-01T03:04:00.000Z', ok: true }, 24],
  [{ at: '2026-01-02T03:03:00.000Z', ok: false }, 36],
  [{ at: '2025-12-31T03:04:00.000Z', ok: false }, 48],
])('a dump of the state that was %j is %i hours', (dump, hours) => {
  expect(values({}, dump)['stateDump server']).toBe(hours);
});
