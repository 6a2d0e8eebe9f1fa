import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import type { Verb } from '../../contract/executor.ts';
import { ready } from '../machine/agent.ts';
import {
  ask,
  auditLength,
  auditSince,
  converse,
  newId,
  site,
  type Way,
} from '../machine/executor-conversation.ts';
import { must } from '../machine/server.ts';
import { accepted, count, refused, type Attempt } from './attempt.ts';
import { createSite, type Site } from './thieves.ts';

/* Row 28: what whoever has become sculptor asks for again and again, about anything, or about what is not there. */

const LIMITS = '/etc/sculptor/limits.json';
const CLAIMS = '/run/sculptor-executor/claims';
const WAYS: readonly Way[] = ['socket', 'sudo'];
const roomy = readFileSync(LIMITS, 'utf8');
const limited = (limits: object) =>
  writeFileSync(LIMITS, JSON.stringify({ ...JSON.parse(roomy), ...limits }));
const operation = (number: number) => `fladdering${String(number).padStart(10, '0')}`;

let standing: Site;
beforeAll(async () => {
  await ready();
  standing = await createSite();
});
afterEach(() => writeFileSync(LIMITS, roomy));

function attempt(
  what: string,
  asked: readonly [way: Way, verb: Verb, args: unknown],
  refusal: string,
): Attempt {
  const [way, verb, args] = asked;
  return {
    what: `${what}, by ${way}`,
    act: async () => (await ask(way, verb, args)).code,
    refusal,
    audit: [
      { event: 'begun', verb },
      { event: 'ended', verb, outcome: refusal },
    ],
  };
}

test('row 28: what root shuts a site in by is taken away a few times, and then stays', async () => {
  const { id } = standing;
  limited({ siteRepairsPerHour: 2 });
  const folder = `/etc/systemd/system/sculptor-php@${id}.service.d`;
  mkdirSync(folder, { recursive: true });
  const shutIn = () => writeFileSync(`${folder}/shut-in.conf`, '[Service]\nIPAddressDeny=any\n');
  for (const way of WAYS) {
    shutIn();
    expect((await ask(way, 'site.repair', { id })).code).toBe('succeeded');
    expect(readdirSync(folder)).toEqual([]);
  }
  shutIn();
  const again = [...WAYS, ...WAYS, ...WAYS].map((way) =>
    attempt('a repair', [way, 'site.repair', { id }], 'limit_reached'),
  );
  await refused(28, again);
  expect(readdirSync(folder)).toEqual(['shut-in.conf']);
  must('rm', ['-r', '--', folder]);
  must('systemctl', ['daemon-reload']);
});

test('row 28: security updates are begun no more often than root allows, and what is new is not started anew', async () => {
  limited({ upgradesPerHour: 0 });
  await refused(
    28,
    [...WAYS, ...WAYS].map((way) =>
      attempt('an upgrade', [way, 'updates.install', { id: newId() }], 'limit_reached'),
    ),
  );
  expect(must('systemctl', ['list-units', '--all', '--plain', '--no-legend', 'sculptor-upgrade@*'])).toBe('');
  const processes = () =>
    ['api', 'worker-privileged', 'executor'].map((name) =>
      must('systemctl', ['show', '--property=MainPID', '--value', `sculptor-${name}.service`]),
    );
  const before = processes();
  for (const way of [...WAYS, ...WAYS, ...WAYS, ...WAYS])
    expect((await ask(way, 'updates.restart', {})).code).toBe('succeeded');
  expect(processes()).toEqual(before);
  accepted(28);
});

test('row 28: a certificate is taken away, or asked for, no more often than root allows', async () => {
  const part = newId();
  limited({ destroyPerHour: 1 });
  const put = (generation: number, kind: string) => ({
    ...{ id: part, site: standing.id, generation, name: 'certificate', spec: { kind } },
  });
  const codes: string[] = [];
  for (const [at, kind] of ['self-signed', 'none', 'self-signed'].entries())
    codes.push((await ask('socket', 'certificate.put', put(at + 1, kind))).code);
  expect(codes).toEqual(['succeeded', 'succeeded', 'succeeded']);
  await refused(28, [
    ...[...WAYS, ...WAYS].flatMap((way, times) => [
      attempt('none', [way, 'certificate.put', put(4 + times, 'none')], 'limit_reached'),
      attempt('a former one', [way, 'certificate.put', put(1 + (times % 2), 'none')], 'invalid_request'),
      attempt(
        'a second',
        [way, 'certificate.put', { ...put(1, 'self-signed'), id: newId() }],
        'invalid_request',
      ),
    ]),
  ]);
  limited({});
  expect(
    (await ask('socket', 'certificate.remove', { id: part, site: standing.id, generation: 9 })).code,
  ).toBe('succeeded');
});

const claimed = (number: number, epoch: number, request = number) =>
  JSON.stringify({
    ...{ request: `r${request}`, operation: operation(number), epoch },
    ...{ verb: 'tenant.drift', args: { id: newId() } },
  });

test('row 28: a flood of claims is forgotten but for the last, and fills nothing', async () => {
  mkdirSync(CLAIMS, { recursive: true });
  for (let number = 0; number < 5000; number += 1) {
    mkdirSync(`${CLAIMS}/${operation(number)}`, { recursive: true });
    utimesSync(`${CLAIMS}/${operation(number)}`, number, number);
  }
  let refusedByFence = 0;
  for (const way of WAYS)
    for (let from = 0; from < 320; from += 32) {
      const lines = Array.from({ length: 32 }, (_, at) => claimed(6000 + from + at, 7));
      const answers = await converse(way, lines.map((line) => `${line}\n`).join(''));
      expect(answers).toHaveLength(32);
      refusedByFence += answers.filter((answer) => 'error' in answer).length;
    }
  expect(refusedByFence).toBe(0);
  const kept = readdirSync(CLAIMS);
  expect(kept.length).toBeLessThanOrEqual(4096 + 256 + 32);
  for (let number = 6000; number < 6320; number += 1) expect(kept).toContain(operation(number));
  accepted(28);
});

test('row 28: of one operation that is claimed over and over one file is left, and what is no claim leaves none', async () => {
  const epochs = Array.from({ length: 32 }, (_, at) => `${claimed(7000, at + 1, at)}\n`).join('');
  await converse('socket', epochs);
  expect(readdirSync(`${CLAIMS}/${operation(7000)}`)).toEqual(['32']);
  const before = readdirSync(CLAIMS).sort();
  const line = (change: object) =>
    `${JSON.stringify({ request: 'r1', operation: operation(7000), epoch: 1, verb: 'server.facts', args: {}, ...change })}\n`;
  const wrong = [
    ...['../../../etc', '', 'a', `${operation(1)}/`, operation(1).toUpperCase()].map((id) => ({
      operation: id,
    })),
    ...[0, -1, 1.5, 4_294_967_296, 1e300, '1', '../7'].map((epoch) => ({ epoch })),
  ];
  await refused(
    28,
    WAYS.flatMap((way) =>
      wrong.map((change) => ({
        what: `${JSON.stringify(change)}, by ${way}`,
        act: async () =>
          (await converse(way, line(change))).map((answer) =>
            'error' in answer ? answer.error.code : 'served',
          ),
        refusal: ['invalid_request'],
        audit: [{ event: 'refused' }],
      })),
    ),
  );
  expect(readdirSync(CLAIMS).sort()).toEqual(before);
});

test('row 28: who looks at what is not there, or plans it, hears of nobody and leaves nothing behind', async () => {
  const place = { id: newId(), site: newId() };
  const removal = { ...place, generation: 1 };
  const unknown = site();
  const looks: readonly (readonly [Verb, unknown])[] = [
    ...(['site.drift', 'database.drift', 'tenant.drift', 'site.measure', 'tenant.room'] as const).map(
      (verb) => [verb, { id: newId() }] as const,
    ),
    ['program.output', place],
    ['cron.output', place],
  ];
  const plans: readonly (readonly [Verb, unknown])[] = [
    ...(['site.remove', 'site.align', 'database.remove', 'database.align'] as const).map(
      (verb) => [verb, { id: newId() }] as const,
    ),
    ...(['key', 'cache', 'certificate', 'cron', 'queue'] as const).map(
      (type) => [`${type}.remove`, removal] as const,
    ),
    ['certificate.renew', removal],
    ['site.restore', unknown],
    ['tenant.remove', { id: newId(), generation: 1 }],
  ];
  const asked = [
    ...looks.map(([verb, args]) => ({ request: 'r1', operation: null, verb, args })),
    ...plans.map(([verb, args]) => ({ request: 'r1', operation: null, verb, args, plan: true })),
  ];
  const noted = auditLength();
  for (const way of WAYS)
    for (const one of asked) {
      const answers = JSON.stringify(await converse(way, `${JSON.stringify(one)}\n`));
      expect(answers).toMatch(/"result"|"code":"(?:not_found|not_ready|invalid_request)"/);
      for (const others of [standing.id, standing.name, standing.home]) expect(answers).not.toContain(others);
    }
  const ids = new Set(JSON.stringify(asked).match(/t[0-9a-f]{11}/g));
  const all = must('find', ['/var/lib/sculptor-root', '/etc/sculptor', '/home/www', '/run', '-name', '*t*']);
  expect([...ids].filter((id) => all.includes(id))).toEqual([]);
  expect(auditSince(noted).filter(({ plan }) => plan === true)).toHaveLength(2 * WAYS.length * plans.length);
  count(28, { refused: WAYS.length * asked.length, accepted: 0 });
});
