import { FailureError } from '../../../contract/failures.ts';
import type { FailureCode } from '../../../contract/failures.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createRenewing } from '../../../worker-privileged/renewing.ts';

const quiet = createLogger('test', { write: () => undefined });
const [ONE, OTHER] = ['done00000001', 'dother000001'];

function build() {
  const asked: string[] = [];
  const world = {
    ...{ sites: [] as string[], services: [] as string[], busy: false },
    failing: null as readonly [verb: string, code: FailureCode] | null,
  };
  const renewing = createRenewing({
    executor: {
      call: (verb, args) => {
        asked.push('id' in args ? `${verb} ${args.id}` : verb);
        if (world.failing?.[0] === verb) return Promise.reject(new FailureError(world.failing[1], '', ''));
        return Promise.resolve(verb === 'updates.look' ? { ...world } : {}) as never;
      },
    },
    isActive: () => true,
    isBusy: () => world.busy,
    logger: quiet,
  });
  return { asked, world, renewing };
}

test('a worker that starts has the sites that an earlier one left start anew, one after the other, and nothing of its own', async () => {
  const { renewing, asked, world } = build();
  world.sites = [ONE, OTHER];
  world.services = ['sculptor-api.service'];
  await renewing.once();
  await renewing.once();
  expect(asked).toEqual(['updates.look', `site.renew ${ONE}`, `site.renew ${OTHER}`]);
});

test('after an update the agent’s own start anew between operations, and nothing is begun until then', async () => {
  const { renewing, asked, world } = build();
  await renewing.once();
  asked.length = 0;
  world.services = ['sculptor-api.service'];
  world.busy = true;
  renewing.noteUpdate();
  await renewing.once();
  expect([asked, renewing.mayBegin()]).toEqual([['updates.look'], false]);
  world.busy = false;
  await renewing.once();
  expect([asked.at(-1), renewing.mayBegin()]).toEqual(['updates.restart', true]);
});

test('what is under way for longer than a minute does not keep them from it', async () => {
  const { renewing, asked, world } = build();
  world.services = ['sculptor-api.service'];
  world.busy = true;
  renewing.noteUpdate();
  for (let second = 0; second <= 60; second += 1) await renewing.once();
  expect([asked[0], asked.at(-1)]).toEqual(['updates.look', 'updates.restart']);
  expect(asked.filter((verb) => verb === 'updates.look')).toHaveLength(1);
});

test('where they cannot be started anew nothing is held back for it', async () => {
  const { renewing, world } = build();
  world.services = ['sculptor-api.service'];
  world.failing = ['updates.restart', 'internal'];
  renewing.noteUpdate();
  await renewing.once();
  expect(renewing.mayBegin()).toBe(true);
});

test('where nothing of the agent’s is stale nothing is held back, however busy it is', async () => {
  const { renewing, asked, world } = build();
  world.busy = true;
  world.sites = [ONE];
  renewing.noteUpdate();
  await renewing.once();
  expect(renewing.mayBegin()).toBe(true);
  await renewing.once();
  expect(asked.at(-1)).toBe(`site.renew ${ONE}`);
});

test('a site that does not start anew keeps no other from it', async () => {
  const { renewing, asked, world } = build();
  world.sites = [ONE, OTHER];
  world.failing = ['site.renew', 'config_refused'];
  await renewing.once();
  expect(asked).toEqual(['updates.look', `site.renew ${ONE}`, `site.renew ${OTHER}`]);
});

test('where the executor is away it is asked again, a minute later', async () => {
  const { renewing, asked, world } = build();
  world.failing = ['updates.look', 'executor_unavailable'];
  for (let second = 0; second <= 61; second += 1) await renewing.once();
  expect(asked).toEqual(['updates.look', 'updates.look']);
});

test('it is over when all have started anew, or could not be', async () => {
  const { renewing, world } = build();
  expect(renewing.isOver()).toBe(false);
  await renewing.once();
  expect(renewing.isOver()).toBe(true);
  renewing.noteUpdate();
  expect(renewing.isOver()).toBe(false);
  await renewing.once();
  expect(renewing.isOver()).toBe(false);
  world.failing = ['updates.look', 'internal'];
  await renewing.once();
  expect(renewing.isOver()).toBe(true);
});
