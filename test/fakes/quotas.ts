import type { Quotas } from '../../worker-privileged/executor/system/quotas.ts';

type Parts = {
  readonly server: {
    readonly quotasInForce: boolean;
    readonly taken: ReadonlyMap<string, number>;
    readonly projects: Map<string, number>;
    readonly held: Map<number, number>;
  };
  readonly change: <T>(act: () => T) => Promise<T>;
};

/** A kernel that counts folders as wholes. */
export function fakeQuotas({ server, change }: Parts): Quotas {
  const { projects, held, taken } = server;
  const used = (project: number) =>
    [...projects].reduce((sum, [home, of]) => sum + (of === project ? (taken.get(home) ?? 0) : 0), 0);
  return {
    inForce: () => Promise.resolve(server.quotasInForce),
    read: (project) => Promise.resolve({ used: used(project), limit: held.get(project) ?? null }),
    set: (project, limit) =>
      change(() => {
        if (limit === null) held.delete(project);
        else held.set(project, limit);
      }),
    look: (project, home) =>
      Promise.resolve(projects.get(home) === project ? null : `${home} is not counted for its tenant`),
    takeIn: (project, { home }) => change(() => void projects.set(home, project)),
  };
}
