import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { ENDED } from '../../contract/operations.ts';
import { complaints, examine } from '../doctor/examination.ts';
import { createDomain, ready } from '../machine/agent.ts';
import { setUpFail2ban } from '../machine/fail2ban-here.ts';
import { must, place, visit } from '../machine/server.ts';
import { layBait } from './bait.ts';
import { check } from './checker.ts';
import { beClient, type Field } from './client.ts';
import { readCalls, readComplaints, readDocumented, readFinishes, readOperations } from './collect.ts';
import { countEffects } from './effects.ts';
import type { Fault } from './faults.ts';
import { prepare, tidy } from './ground.ts';
import type { Asked, History, Strike, Truth, Visit } from './history.ts';
import { beNemesis } from './nemesis.ts';
import { createRandom } from './random.ts';
import { report } from './report.ts';
import { lookAround } from './truths.ts';
import { WEAKENINGS } from './weakened.ts';

/*
 * Clients ask for everything there is, while a nemesis kills, stops, freezes and fills what the agent stands on. Then
 * the checker goes over all that was asked, answered and done. How much of it, and from which seed, is said by
 * scripts/chaos.sh; with one safeguard taken away it must find the fault.
 */

const OPERATIONS = Number(process.env['CHAOS_OPERATIONS'] ?? 60);
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000));
const KEEP = process.env['CHAOS_KEEP'] ?? '';
const ONLY = (process.env['CHAOS_ONLY'] ?? '').split(',').filter(Boolean);
const weakening = WEAKENINGS.find(({ name }) => name === process.env['CHAOS_WEAKENED']);

const CLIENTS = 4;
/** On a fast server the clients would be done before the nemesis has begun. */
const LEAST_STRIKES = weakening === undefined && ONLY.length === 0 ? 16 : 2;
/** A sweep notices within 30 seconds what lies about; what is tried again waits a minute in all. */
const BOUND_MS = weakening === undefined ? 150_000 : 60_000;

jest.setTimeout(7_200_000);

const chanceOf = (which: number) => createRandom(SEED * 100 + which);

async function watch(host: string, visits: Visit[], isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const answer = await visit(host).catch((error: unknown) => String(error));
    const seen = typeof answer === 'string' ? answer : `${answer.status} ${answer.text.slice(0, 40)}`;
    visits.push({ at: Date.now(), fine: seen === '200 here', seen });
    await pause(100);
  }
}

async function untilQuiet(): Promise<void> {
  const until = Date.now() + BOUND_MS;
  while (Date.now() < until && readOperations().some(({ status }) => !ENDED.has(status))) await pause(1000);
}

async function live(): Promise<History> {
  const control = await createDomain({ name: 'control.example', type: 'static' });
  place(`s-${control.id}`, '/home/www/control.example/public/index.html', 'here');
  await setUpFail2ban('');
  const before = readOperations().length;
  prepare(weakening);
  await ready();
  const [asked, strikes, visits]: [Asked[], Strike[], Visit[]] = [[], [], []];
  const accepted = () => asked.filter(({ answers }) => answers.some(({ status }) => status === 202)).length;
  const isOver = () => accepted() >= OPERATIONS && strikes.length >= LEAST_STRIKES;
  const field: Field = { asked, isOver, passwords: new Map() };
  let quiet = false;
  const watching = watch('control.example', visits, () => quiet);
  const bait = await layBait(field, chanceOf(0));
  const clients = Array.from({ length: CLIENTS }, (_, at) => beClient(`c${at}`, field, chanceOf(at + 1)));
  const around = { bait, random: chanceOf(90), other: chanceOf(91) };
  await Promise.all([...clients, beNemesis(around, { strikes, isOver, only: weakening?.strikes ?? ONLY })]);
  await ready();
  await untilQuiet();
  const [calls, finishes] = [readCalls(), readFinishes()];
  tidy();
  await ready();
  const operations = readOperations().slice(before);
  quiet = true;
  await watching;
  const truths: Truth[] = weakening === undefined ? await look({ operations, field }) : [];
  return { asked, operations, calls, finishes, strikes, visits, truths, documented: readDocumented() };
}

async function look(parts: Parameters<typeof lookAround>[0]): Promise<Truth[]> {
  // Doctor counts how often these have ended, and the nemesis has seen to that.
  must('systemctl', ['reset-failed', 'mariadb.service', 'sculptor-redis.service']);
  const said = complaints(examine()).join('\n');
  const doctor: Truth = { about: 'what doctor finds', expected: '', seen: said };
  return [...(await lookAround(parts)), ...(await countEffects(parts.operations)), doctor];
}

let history: History;
let faults: readonly Fault[];

beforeAll(async () => {
  await ready();
  history = await live();
  faults = check(history);
  if (KEEP === '') return;
  writeFileSync(`${KEEP}/history.json`, JSON.stringify({ seed: SEED, faults, history }));
  writeFileSync(`${KEEP}/journal`, must('journalctl', ['--no-pager', '--output=short-iso-precise']));
});

afterAll(() => {
  process.stdout.write(report(history, { seed: SEED, faults, weakened: weakening?.name }));
  const complaints = readComplaints(faults.map(({ what }) => what).join('\n'));
  for (const line of complaints.slice(0, 40)) process.stdout.write(`  ${line.slice(0, 1500)}\n`);
});

test('the nemesis could do what it wanted, and everything came back by itself', () => {
  expect(history.strikes.filter(({ note }) => note?.startsWith('FAILED') === true)).toEqual([]);
  expect(history.strikes.length).toBeGreaterThanOrEqual(LEAST_STRIKES);
});

if (weakening === undefined)
  test('nothing is lost, nothing done twice or half, no neighbour is down, and every end is true', () => {
    expect(faults).toEqual([]);
  });
else
  test(`the checker finds that there is ${weakening.name.replace('-', ' ')}`, () => {
    expect(faults.map(({ rule }) => rule)).toContainEqual(
      expect.stringMatching(new RegExp(`^(?:${weakening.found.join('|')})$`)),
    );
  });
