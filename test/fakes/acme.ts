import type { Acme, Named, Obtained } from '../../worker-privileged/executor/system/acme.ts';
import { acmeUnconfigured } from '../../worker-privileged/executor/system/acme-failures.ts';

/** What it gives for a site's names; it throws where it gives nothing. */
export type FakeAuthority = (site: Named) => Obtained;

type Parts = {
  readonly server: { readonly authority: FakeAuthority | null; readonly doings: string[] };
  readonly change: <T>(act: () => T) => Promise<T>;
};

export function fakeAcme({ server, change }: Parts): Acme {
  return {
    obtain: (site) =>
      change(() => {
        if (server.authority === null) throw acmeUnconfigured();
        server.doings.push(`obtain a certificate for ${site.names.join()}`);
        return server.authority(site);
      }),
    forget: () => Promise.resolve(),
  };
}
