import { sculptorctl } from './sculptorctl.ts';

const SAMPLE = {
  ...{ at: '2026-01-02T03:04:05.678Z', cpus: 2, cpuPercent: 12.5, memoryPercent: 50, load: [1, 2, 3] },
  ...{ memory: { bytes: 2e9, available: 1e9 }, certificateEnds: null, stateDump: null, more: 1 },
  places: [{ place: '/', bytes: 1e10, percent: 40, inodesPercent: 3 }],
  services: [{ name: 'nginx', well: false, state: 'failed (failed)' }],
};
const POINT = {
  ...{ at: '2026-01-02T03:00:00.000Z', cpuPercent: 80, memoryPercent: 1, load: 1, diskPercent: 1, unwell: 0 },
};

test('health shows the last minute, and how busy it was at most', async () => {
  const { out, code } = await sculptorctl(['system', 'health'], {
    'GET /v1/server/health': [{ status: 200, body: { server: 'default', latest: SAMPLE, day: [POINT] } }],
  });
  expect(code).toBe(0);
  expect(out).toContain('2, busy to 12.5 %; 80 % at most in the last day\n');
  expect(out).toMatch(/^\/ +10 GB +40 % +3 %$/m);
  expect(out).toMatch(/^nginx +no +failed \(failed\)$/m);
});

test('alarms shows those that there are, and the rules', async () => {
  const alarm = {
    ...{ kind: 'disk', subject: '/', name: '/', tenant: null, value: 93.21 },
    ...{ since: '2026-01-02T03:00:00.000Z', raisedAt: null },
  };
  const rules = { disk: { threshold: 90, rearm: 85, minutes: 5, low: false }, load: null };
  const { out } = await sculptorctl(['system', 'alarms'], {
    'GET /v1/server/alarms': [{ status: 200, body: { alarms: [alarm], rules } }],
  });
  expect(out).toMatch(/^disk +\/ +93\.2 +2026-01-02T03:00:00\.000Z +not yet$/m);
  expect(out).toMatch(/^disk +90 +5 min +85$/m);
  expect(out).toMatch(/^load +off/m);
});

test('checks of a website shows how it answered last', async () => {
  const latest = { status: 503, milliseconds: 12, certificate: null, checkedAt: '2026-01-02T03:04:05.678Z' };
  const answers = (body: object) => ({ 'GET /v1/domains/shop.example/checks': [{ status: 200, body }] });
  const { out } = await sculptorctl(['domain', 'checks', 'shop.example'], answers({ latest }));
  expect(out).toMatch(/status +503\n/);
  const { out: none } = await sculptorctl(['domain', 'checks', 'shop.example'], answers({ latest: null }));
  expect(none).toContain('not asked yet');
});
