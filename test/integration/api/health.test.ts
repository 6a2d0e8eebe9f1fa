import { putAlarm } from '../../../state/alarms.ts';
import { openState } from '../../../state/connection.ts';
import type { State } from '../../../state/connection.ts';
import { putSample } from '../../../state/health.ts';
import { putServerFact } from '../../../state/server-facts.ts';
import { putSiteCheck } from '../../../state/site-checks.ts';
import { DomainId } from '../../../contract/ids.ts';
import { HealthSettings } from '../../../contract/alarms.ts';
import { LIVE, operationId, SERVER, startAgent } from './agent.ts';
import type { Agent } from './agent.ts';
import { makeTenant, makeToken } from './made-tokens.ts';

/* How the server fares, as administrators read it, and how a site answered, as its tenant does. */

let agent: Agent;
let worker: State;
let id: DomainId;
beforeAll(async () => {
  agent = await startAgent();
  worker = openState(agent.servers.state('sculptor'));
  const answer = await agent.call('POST', '/v1/domains', { body: { name: 'shop.example' } });
  await agent.end(operationId(answer), LIVE);
  id = DomainId.parse((answer.json['domain'] as { id: string }).id);
});
afterAll(async () => {
  await worker.close();
  await agent.stop();
});

const AT = '2026-01-02T03:04:05.678Z';
const SAMPLE = {
  ...{ at: AT, cpus: 2, cpuPercent: null, memoryPercent: 50, load: [1, 2, 3] as [number, number, number] },
  ...{ memory: { bytes: 2, available: 1 }, certificateEnds: null, stateDump: null },
  places: [{ place: '/', bytes: 1, percent: 40, inodesPercent: 3 }],
  services: [{ name: 'nginx', well: false, state: 'failed (failed)' }],
};

test('before anything is measured there is nothing, and no fault', async () => {
  expect((await agent.call('GET', '/v1/server/health')).json).toEqual({
    ...{ server: 'default', latest: null, day: [] },
  });
  expect((await agent.call('GET', '/v1/server/alarms')).json).toEqual({ alarms: [], rules: null });
  expect((await agent.call('GET', `/v1/domains/${id}/checks`)).json).toEqual({
    ...{ domain: { id, name: 'shop.example' }, latest: null },
  });
});

test('the last minute, and the day by its highest', async () => {
  await putSample(worker, SERVER, SAMPLE);
  const { json } = await agent.call('GET', '/v1/server/health?minutes=1440');
  expect(json).toMatchObject({
    latest: SAMPLE,
    day: [{ cpuPercent: null, memoryPercent: 50, load: 1, diskPercent: 40, unwell: 1 }],
  });
});

test('alarms and their rules, those that are raised first', async () => {
  const { alarms: rules } = HealthSettings.parse({ alarms: { load: null } });
  await putServerFact(worker, SERVER, { name: 'alarmRules', value: rules });
  const one = {
    subject: '/',
    name: '/',
    tenant: null,
    value: 93.5,
    since: new Date(AT),
    seenAt: new Date(AT),
  };
  await putAlarm(worker, SERVER, { ...one, kind: 'disk', raisedAt: null, calmSince: null });
  await putAlarm(worker, SERVER, { ...one, kind: 'inodes', raisedAt: new Date(AT), calmSince: null });
  const { json } = await agent.call('GET', '/v1/server/alarms');
  const shown = { subject: '/', name: '/', tenant: null, value: 93.5, since: AT };
  expect(json).toEqual({
    alarms: [
      { ...shown, kind: 'inodes', raisedAt: AT },
      { ...shown, kind: 'disk', raisedAt: null },
    ],
    rules: JSON.parse(JSON.stringify(rules)) as unknown,
  });
});

test('a tenant sees how its own site answered, and neither another one nor the server', async () => {
  await putSiteCheck(worker, id, { status: 200, milliseconds: 12, certificate: null, well: true });
  const path = `/v1/domains/${id}/checks`;
  const { headers } = makeToken(agent.servers, { tenant: 'default' });
  expect((await agent.call('GET', path, { headers })).json).toMatchObject({
    latest: { status: 200, milliseconds: 12, certificate: null },
  });
  makeTenant(agent.servers, 'other0000000');
  const other = makeToken(agent.servers, { tenant: 'other0000000' });
  expect((await agent.call('GET', path, { headers: other.headers })).status).toBe(404);
  for (const address of ['/v1/server/health', '/v1/server/alarms'])
    expect((await agent.call('GET', address, { headers })).status).toBe(403);
});

test.each([
  '/v1/server/health?minutes=0',
  '/v1/server/health?minutes=1441',
  '/v1/server/health?minutes=x',
  '/v1/server/health?hours=1',
  '/v1/server/alarms?x=1',
  '/v1/domains/shop.example/checks?x=1',
])('%s is refused, with what would be right', async (path) => {
  const before = agent.snapshot();
  const { status, json } = await agent.call('GET', path);
  expect(status).toBe(422);
  expect(json['errors']).toHaveLength(1);
  expect(agent.snapshot()).toEqual(before);
});
