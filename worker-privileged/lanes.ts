import { performance } from 'node:perf_hooks';

/**
 * How long it may take: seconds; as long as a tenant's database is large, or an authority takes; or as long as a tenant's command runs. The last
 * goes on by itself, beside the lanes.
 */
export type Pace = 'quick' | 'slow' | 'aside';

export interface Waiting {
  /** By the row's own word: it says in whose line it waits, and nothing else. */
  readonly tenant: string;
  readonly pace: Pace;
}

export interface Lanes {
  /** Does it when there is room for its tenant and its pace. False, without doing it, where too many wait already. */
  readonly take: (waiting: Waiting, act: () => Promise<boolean>) => Promise<boolean>;
  /** Begins nothing more, and waits for what is in a lane. */
  readonly stop: () => Promise<void>;
}

/** How many are under way side by side. */
const LANES = 8;
/** The slow leave some lanes to the quick, whosever they are. */
const SLOW = 6;
/** Of one tenant: of the slow, of all while another waits, and of all. So nobody waits for one tenant alone. */
const SLOW_OF_TENANT = 2;
const FAIR_OF_TENANT = 4;
const MOST_OF_TENANT = 6;
/** The executor runs no more commands at once. */
const ASIDE = 24;
const ASIDE_OF_TENANT = 8;
/** What finds no room in its tenant's line is found again by the sweep. */
const LINE = 1000;
/** Tenants besides, which only somebody who writes past the API has so many of, share one. */
const LINES = 500;

type InUse = Record<Pace, number>;

interface Line extends InUse {
  readonly name: string;
  readonly waiting: Entry[];
  /** When it was its turn last. */
  served: number;
}

interface Entry {
  readonly line: Line;
  readonly pace: Pace;
  readonly begin: () => Promise<void>;
  readonly leave: () => void;
}

/** A line for each tenant. Whoever has least under way is next; among equals who waits since the longest. */
export function createLanes(): Lanes {
  const lines = new Map<string, Line>();
  const inUse: InUse = { quick: 0, slow: 0, aside: 0 };
  const underWay = new Set<Promise<void>>();
  let stopped = false;

  function lineOf(tenant: string): Line {
    const name = lines.has(tenant) || lines.size < LINES ? tenant : '';
    const line = lines.get(name) ?? { name, waiting: [], quick: 0, slow: 0, aside: 0, served: 0 };
    lines.set(name, line);
    return line;
  }

  function hasRoom(line: Line, pace: Pace): boolean {
    if (pace === 'aside') return inUse.aside < ASIDE && line.aside < ASIDE_OF_TENANT;
    if (inUse.quick + inUse.slow >= LANES) return false;
    const isAlone = [...lines.values()].every((other) => other === line || other.waiting.length === 0);
    if (line.quick + line.slow >= (isAlone ? MOST_OF_TENANT : FAIR_OF_TENANT)) return false;
    return pace === 'quick' || (inUse.slow < SLOW && line.slow < SLOW_OF_TENANT);
  }

  function next(): Entry | undefined {
    const inTurn = [...lines.values()]
      .filter(({ waiting }) => waiting.length > 0)
      .sort((a, b) => a.quick + a.slow - (b.quick + b.slow) || a.served - b.served);
    for (const line of inTurn) {
      const place = line.waiting.findIndex(({ pace }) => hasRoom(line, pace));
      if (place >= 0) return line.waiting.splice(place, 1)[0];
    }
    return undefined;
  }

  function fill(): void {
    for (let entry = next(); entry !== undefined; entry = next()) {
      const { line, pace, begin } = entry;
      line.served = performance.now();
      line[pace] += 1;
      inUse[pace] += 1;
      const whole = begin().finally(() => {
        underWay.delete(whole);
        line[pace] -= 1;
        inUse[pace] -= 1;
        if (line.waiting.length + line.quick + line.slow + line.aside === 0) lines.delete(line.name);
        if (!stopped) fill();
      });
      if (pace !== 'aside') underWay.add(whole);
    }
  }

  return {
    take: ({ tenant, pace }, act) =>
      new Promise((resolve, reject) => {
        const line = lineOf(tenant);
        if (stopped || line.waiting.length >= LINE) {
          resolve(false);
          return;
        }
        const begin = () => act().then(resolve, reject);
        line.waiting.push({ line, pace, begin, leave: () => resolve(false) });
        fill();
      }),
    stop: async () => {
      stopped = true;
      for (const { waiting } of lines.values()) waiting.splice(0).forEach(({ leave }) => leave());
      await Promise.all(underWay);
    },
  };
}
