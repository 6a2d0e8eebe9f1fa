import { FIRST_PUBLIC_PORT, LAST_PUBLIC_PORT } from '../../contract/queues.ts';
import type { OperationKind } from '../../contract/operations.ts';
import type { Method } from '../machine/agent.ts';
import { publicKey } from './keys.ts';
import type { Random } from './random.ts';
import { of } from './wishes-sites.ts';
import { drop, idOf, type Site, type Wish, type Wishing } from './world.ts';

type Asked = {
  readonly kind: OperationKind;
  readonly method: Method;
  readonly path: string;
  readonly body?: object;
  readonly then?: Wish['then'];
};

/** A wish for a part of a site that stands and has programs. */
function part(fits: (site: Site) => boolean, ask: (site: Site, random: Random) => Asked): Wishing['wish'] {
  return of(
    (site) => !site.trashed && site.runs && fits(site),
    (site, random) => {
      const { path, then = () => undefined, ...asked } = ask(site, random);
      return { ...asked, then, path: `/v1/domains/${site.id}${path}`, tenant: site.tenant };
    },
  );
}

const always = () => true;
const hasCron = ({ crons }: Site) => crons.length > 0;
const hasQueue = ({ queues }: Site) => queues.length > 0;
const MIB = 1_048_576;

/** It does not end when it is told to, but when its time is over: so that there is something that lasts. */
export const STUBBORN = ['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'];
/** What leaves a line each time that it is begun. */
export const LEAVES_A_LINE = (name: string) => ['sh', '-c', `echo begun >> ${name}`];

const KEYS: readonly Wishing[] = [
  {
    weight: 4,
    wish: part(always, ({ keys }, random) => ({
      ...{ kind: 'key.create', method: 'POST', path: '/keys' },
      body: { name: random.name('k'), publicKey: publicKey(random) },
      then: (answer) => keys.push(idOf(answer, 'key')),
    })),
  },
  {
    weight: 2,
    wish: part(
      ({ keys }) => keys.length > 0,
      ({ keys }, random) => {
        const id = random.pick(keys);
        return { kind: 'key.delete', method: 'DELETE', path: `/keys/${id}`, then: () => drop(keys, id) };
      },
    ),
  },
];

const CACHES: readonly Wishing[] = [
  {
    weight: 3,
    wish: part(
      ({ cache }) => !cache,
      (site) => ({
        ...{ kind: 'cache.create', method: 'POST', path: '/cache', body: {} },
        then: () => (site.cache = true),
      }),
    ),
  },
  {
    weight: 2,
    wish: part(
      ({ cache }) => cache,
      (_, random) => ({
        ...{ kind: 'cache.update', method: 'PATCH', path: '/cache' },
        body: { memoryBytes: random.between(1, 64) * MIB },
      }),
    ),
  },
  {
    weight: 2,
    wish: part(
      ({ cache }) => cache,
      () => ({ kind: 'cache.rotate', method: 'POST', path: '/cache/rotate-password' }),
    ),
  },
  {
    weight: 1,
    wish: part(
      ({ cache }) => cache,
      (site) => ({
        kind: 'cache.delete',
        method: 'DELETE',
        path: '/cache',
        then: () => (site.cache = false),
      }),
    ),
  },
];

const CERTIFICATES: readonly Wishing[] = [
  {
    weight: 4,
    wish: part(always, (site) => ({
      ...{ kind: site.certificate ? 'certificate.update' : 'certificate.create', method: 'PUT' },
      ...{ path: '/certificate', body: { kind: 'self-signed' } },
      then: () => (site.certificate = true),
    })),
  },
  {
    weight: 2,
    wish: part(
      ({ certificate }) => certificate,
      () => ({ kind: 'certificate.renew', method: 'POST', path: '/certificate/renew' }),
    ),
  },
  {
    weight: 1,
    wish: part(
      ({ certificate }) => certificate,
      (site) => ({
        ...{ kind: 'certificate.delete', method: 'DELETE', path: '/certificate' },
        then: () => (site.certificate = false),
      }),
    ),
  },
];

const CRONS: readonly Wishing[] = [
  {
    weight: 4,
    wish: part(always, ({ crons }, random) => {
      const name = random.name('cron');
      return {
        ...{ kind: 'cron.create', method: 'POST', path: '/crons' },
        body: { name, schedule: '0 0 1 1 *', command: LEAVES_A_LINE(name), workingDirectory: 'private' },
        then: (answer) => crons.push(idOf(answer, 'cron')),
      };
    }),
  },
  {
    weight: 2,
    wish: part(hasCron, ({ crons }, random) => ({
      ...{ kind: 'cron.update', method: 'PATCH', path: `/crons/${random.pick(crons)}` },
      body: { timeoutSeconds: random.between(10, 600) },
    })),
  },
  {
    weight: 3,
    wish: part(hasCron, ({ crons }, random) => ({
      ...{ kind: 'cron.run', method: 'POST', path: `/crons/${random.pick(crons)}/run` },
    })),
  },
  {
    weight: 1,
    wish: part(hasCron, ({ crons }, random) => {
      const id = random.pick(crons);
      return { kind: 'cron.delete', method: 'DELETE', path: `/crons/${id}`, then: () => drop(crons, id) };
    }),
  },
  {
    weight: 4,
    wish: part(always, (_, random) => ({
      ...{ kind: 'run.create', method: 'POST', path: '/runs' },
      body: { command: LEAVES_A_LINE(random.name('run')), workingDirectory: 'private', timeoutSeconds: 30 },
    })),
  },
];

const onQueue = (kind: OperationKind, word: string): Wishing => ({
  weight: 2,
  wish: part(hasQueue, ({ queues }, random) => ({
    ...{ kind, method: 'POST', path: `/queues/${random.pick(queues)}/${word}` },
  })),
});

const publicPort = (random: Random) => ({
  port: random.between(FIRST_PUBLIC_PORT, LAST_PUBLIC_PORT),
  protocol: random.pick(['tcp', 'udp']),
});

const QUEUES: readonly Wishing[] = [
  {
    weight: 4,
    wish: part(always, ({ queues }, random) => ({
      ...{ kind: 'queue.create', method: 'POST', path: '/queues' },
      body: {
        name: random.name('q'),
        command: random.chance(0.3) ? STUBBORN : ['sleep', '1000'],
        stopSeconds: 2,
        ...(random.chance(0.3) ? { publicPort: publicPort(random) } : {}),
      },
      then: (answer) => queues.push(idOf(answer, 'queue')),
    })),
  },
  {
    weight: 2,
    wish: part(hasQueue, ({ queues }, random) => ({
      ...{ kind: 'queue.update', method: 'PATCH', path: `/queues/${random.pick(queues)}` },
      body: random.chance(0.5)
        ? { processes: random.between(1, 2) }
        : { publicPort: random.chance(0.5) ? publicPort(random) : null },
    })),
  },
  onQueue('queue.start', 'start'),
  onQueue('queue.stop', 'stop'),
  onQueue('queue.restart', 'restart'),
  {
    weight: 1,
    wish: part(hasQueue, ({ queues }, random) => {
      const id = random.pick(queues);
      return { kind: 'queue.delete', method: 'DELETE', path: `/queues/${id}`, then: () => drop(queues, id) };
    }),
  },
];

export const PART_WISHES: readonly Wishing[] = [...KEYS, ...CACHES, ...CERTIFICATES, ...CRONS, ...QUEUES];
