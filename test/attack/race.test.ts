import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { say } from '../fuzz/settings.ts';
import { ready } from '../machine/agent.ts';
import { ask, site, type Way } from '../machine/executor-conversation.ts';
import { page, place, run } from '../machine/server.ts';
import { createFlippers } from './flippers.ts';
import { CANARY, harmless, putCanary } from './outside.ts';
import { chanceFrom, RUNS, SEED } from './race-settings.ts';
import { createSite, type Site } from './thieves.ts';

/* Rows 10 and 13, against time: every verb that touches a site's folder, while its links are flipped under it. */

const LIMITS = '/etc/sculptor/limits.json';
const before = readFileSync(LIMITS, 'utf8');
let neighbour: Site;

beforeAll(async () => {
  await ready();
  putCanary();
  writeFileSync(LIMITS, JSON.stringify({ ...(JSON.parse(before) as object), graceHours: 0 }));
  neighbour = await createSite();
  place(neighbour.user, `${neighbour.home}/public/index.php`, '<?php echo "the neighbour answers";');
});
afterAll(() => {
  writeFileSync(LIMITS, before);
  rmSync(CANARY, { recursive: true });
});

const FOLDERS = ['public', 'public/web', 'public/web/sub', 'public/web/sub/deep', 'public/web/sub/deep/er'];
/** With which it is said what was in the way, or that it is not as it was a moment ago. */
const MAY_END = ['succeeded', 'not_ready', 'mismatch', 'server_broken'];
const PUTS = 8;

type Race = {
  readonly isolation: 'site' | 'pool';
  readonly by: Way;
  readonly runs: number;
  readonly seed: number;
};

/** Site after site, until there were as many runs; how often what was flipped, and how the verbs ended. */
async function race({ isolation, by, runs, seed }: Race) {
  const chance = chanceFrom(seed);
  const targets = [
    CANARY,
    `${CANARY}/folder`,
    `${neighbour.home}/public`,
    neighbour.home,
    '/home/www',
    '.',
    '..',
  ];
  const flippers = createFlippers(targets, seed);
  const ended: Record<string, number> = {};
  let done = 0;
  while (done < runs) {
    const spec = site({ isolation, type: 'static' });
    const home = `/home/www/${spec.name}`;
    let generation = 0;
    const asks = async (verb: 'site.put' | 'site.restore' | 'site.remove' | 'site.purge') => {
      const publicDirectory = FOLDERS[chance(FOLDERS.length)];
      const whole = { ...spec, generation: (generation += 1), publicDirectory };
      const { code } = await ask(
        by,
        verb,
        verb === 'site.remove' || verb === 'site.purge' ? { id: spec.id } : whole,
      );
      done += 1;
      ended[code] = (ended[code] ?? 0) + 1;
    };
    const flip = () => {
      for (let count = 0; count < 2; count += 1)
        flippers.start(isolation === 'pool' ? 'www' : `s-${spec.id}`, `${home}/public`);
    };
    expect((await ask(by, 'site.put', { ...spec, generation: (generation += 1) })).code).toBe('succeeded');
    await harmless([10, 13], { what: spec.name, sites: [spec], times: PUTS * 2 + 4 }, async () => {
      flip();
      for (let put = 0; put < PUTS; put += 1) await asks('site.put');
      await asks('site.remove');
      await asks('site.restore');
      // A site's own processes have been ended; in the pool they hold the folder, and follow it into the trash.
      if (isolation === 'site') flip();
      for (let put = 0; put < PUTS; put += 1) await asks('site.put');
      await asks('site.remove');
      await asks('site.purge');
      await flippers.stop();
      for (const verb of ['site.remove', 'site.purge'] as const)
        expect((await ask(by, verb, { id: spec.id })).code).toBe('succeeded');
    });
    expect(run('find', ['/home/www', '-path', `*${spec.id}*`]).out).toBe('');
  }
  return { done, flips: flippers.flips(), ended };
}

test.each<Omit<Race, 'runs' | 'seed'>>([
  { isolation: 'site', by: 'sudo' },
  { isolation: 'pool', by: 'socket' },
])(
  'rows 10 and 13: links that are flipped while root is on its way lead it nowhere ($isolation, by $by)',
  async (which) => {
    const runs = Math.ceil(RUNS / 2);
    const { done, flips, ended } = await race({ ...which, runs, seed: SEED });
    say(`race: ${done} of ${runs} verb runs, ${flips} flips, seed ${SEED}: ${JSON.stringify(ended)}`);
    expect(Object.keys(ended).filter((code) => !MAY_END.includes(code))).toEqual([]);
    expect(flips).toBeGreaterThan(done);
    expect(await page(neighbour.name)).toEqual([200, 'the neighbour answers']);
  },
  // A tenth of that is what it takes; the rest is for a machine that has other things to do.
  60_000 + RUNS * 5_000,
);
