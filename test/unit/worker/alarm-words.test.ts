import { DEFAULT_RULES, HealthSettings, RuledKind } from '../../../contract/alarms.ts';
import { overWords, raisedWords } from '../../../worker-privileged/alarm-words.ts';

const told = (kind: RuledKind, value: number, name = 'machine.example') => ({
  ...{ name, value, rule: DEFAULT_RULES[kind] },
});

test.each(RuledKind.options)('%s has its words, which fit into a notification', (kind) => {
  const longest = told(kind, 123_456, `${'a'.repeat(249)}.org`);
  for (const text of [raisedWords(kind, longest), overWords(kind, longest)]) {
    expect(text.length).toBeLessThanOrEqual(500);
    expect(text).toContain(longest.name);
    expect(text).toMatch(/\.$/);
  }
});

test('a sentence says what, since when, and what to do', () => {
  expect(raisedWords('disk', told('disk', 93.26, '/home'))).toBe(
    'The disk at /home is full to 93.3 %, and has been for 5 minutes. du --one-file-system shows by what.',
  );
  expect(raisedWords('certificate', told('certificate', 1, 'shop.example'))).toMatch(
    /^The certificate of shop\.example ends in a day\. /,
  );
  expect(overWords('service', told('service', 0, 'nginx'))).toBe('nginx is well again.');
});

test('what root has not set is as usual, and null switches an alarm off', () => {
  const { alarms } = HealthSettings.parse({ alarms: { disk: { threshold: 95 }, load: null } });
  expect(alarms.disk).toEqual({ ...DEFAULT_RULES.disk, threshold: 95 });
  expect([alarms.load, alarms.cpu]).toEqual([null, DEFAULT_RULES.cpu]);
});

test.each([
  [{ alarms: { disc: {} } }],
  [{ alarms: { disk: { threshold: 80 } } }],
  [{ alarms: { certificate: { threshold: 20 } } }],
  [{ alarms: { disk: { minutes: -1 } } }],
  [{ alarms: { disk: { low: true } } }],
  [{ siteCheckMinutes: '5' }],
  [{ more: 1 }],
])('settings like %j are refused', (settings) => {
  expect(HealthSettings.safeParse(settings).success).toBe(false);
});
