import type { PartId } from '../../contract/ids.ts';
import { renderBounds, type Once } from '../../worker-privileged/executor/system/once.ts';
import { paths } from '../../worker-privileged/executor/system/paths.ts';
import type { Undo } from '../../worker-privileged/executor/ensure.ts';
import type { FakeServer } from './executor-system.ts';

type Parts = {
  readonly server: FakeServer;
  readonly change: <T>(act: () => T) => Promise<T>;
  readonly undoing: (act: () => unknown) => Undo;
};

/** Each command that is begun has ended at once, but for where `server.breaksOff` says that nobody knows how. */
export function fakeOnce({ server, change, undoing }: Parts): Once {
  const { disk, doings } = server;
  const stopped = new Set<PartId>();
  const node = (id: PartId, name: string) => disk.get(paths.onceFile(id, name));
  const put = (id: PartId, name: string, text: string) =>
    disk.set(paths.onceFile(id, name), { kind: 'file', text, mode: 0o600 });
  const text = (id: PartId, name: string) => {
    const found = node(id, name);
    return found?.kind === 'file' ? found.text : null;
  };
  const last: Once['last'] = (id) =>
    Promise.resolve(
      node(id, 'last') === undefined
        ? null
        : { startedAt: server.now, endedAt: server.now, exitCode: 3, endedBy: 'itself' },
    );
  return {
    last,
    readBounds: (id) => Promise.resolve(text(id, 'bounds')),
    writeBounds: (id, bounds) =>
      change(() => {
        const before = node(id, 'bounds');
        put(id, 'bounds', renderBounds(bounds));
        return undoing(() =>
          before === undefined
            ? disk.delete(paths.onceFile(id, 'bounds'))
            : disk.set(paths.onceFile(id, 'bounds'), before),
        );
      }),
    hasBegun: (id) => Promise.resolve(node(id, 'begun') !== undefined),
    run: (id) => {
      if (node(id, 'begun') !== undefined || !disk.has(paths.program(id))) return Promise.resolve();
      doings.push(`run ${id}`);
      put(id, 'begun', '');
      if (!server.breaksOff) put(id, 'last', 'ended');
      return Promise.resolve();
    },
    start: (id, { generation }) =>
      change(() => {
        doings.push(`start ${id}`);
        put(id, 'asked', String(generation));
        if (!server.breaksOff) put(id, 'last', 'ended');
        return !server.breaksOff;
      }),
    started: (id, generation) =>
      Promise.resolve(
        text(id, 'asked') !== String(generation) ? 'no' : text(id, 'last') === null ? 'lost' : 'yes',
      ),
    isRunning: (id) => Promise.resolve(node(id, 'pid.0') !== undefined),
    isLeft: (id) =>
      Promise.resolve(node(id, 'pid.0') !== undefined || (server.leaves === true && !stopped.has(id))),
    stop: (id) => {
      stopped.add(id);
      return Promise.resolve(void doings.push(`stop ${id}`));
    },
    report: async (id) => ({ last: await last(id), failures: 0, running: false, skippedAt: null }),
    output: () => Promise.resolve({ text: 'said\n', truncated: false }),
    isKnown: (id) =>
      Promise.resolve(['bounds', 'begun', 'asked', 'last'].some((name) => node(id, name) !== undefined)),
    forget: (id) =>
      change(() => {
        for (const name of ['bounds', 'begun', 'asked', 'last']) disk.delete(paths.onceFile(id, name));
      }),
  };
}
