import type { Acme, Named, Obtained } from '../../worker-privileged/executor/system/acme.ts';
import { acmeUnconfigured } from '../../worker-privileged/executor/system/acme-failures.ts';

/** What it gives for a site's names; it throws where it gives nothing. */
export type FakeAuthority = (site: Named) => Obtained;

type Parts = {
  readonly server: {
    readonly authority: FakeAuthority | null;
    readonly whileItThinks?: (() => Promise<unknown>) | undefined;
    readonly doings: string[];
  };
  readonly change: <T>(act: () => T) => Promise<T>;
};

export function fakeAcme({ server, change }: Parts): Acme {
  return {
    obtain: async (site) => {
      await server.whileItThinks?.();
      return change(() => {
        if (server.authority === null) throw acmeUnconfigured();
        server.doings.push(`obtain a certificate for ${site.names.join()}`);
        const given = server.authority(site);
        site.admit(given.leftOut.map(({ name }) => name));
        return given;
      });
    },
    forget: () => Promise.resolve(),
    isAsked: () => Promise.resolve(false),
    forgetAll: () => Promise.resolve(),
  };
}
