import { z } from 'zod';
import { Isolation, NO_PHP_LIMITS, PhpLimits, SiteType } from '../../../contract/domains.ts';
import { FailureError } from '../../../contract/failures.ts';
import { DomainId, Generation, TenantId } from '../../../contract/ids.ts';
import { DomainName, PhpVersion, PublicDirectory } from '../../../contract/names.ts';
import { SiteOptions } from '../../../contract/site-options.ts';
import type { Undo } from '../ensure.ts';
import { inTurn } from '../in-turn.ts';
import type { Files } from './files.ts';
import type { Folders } from './folders.ts';
import type { Locks } from './locks.ts';
import { paths } from './paths.ts';

/** Users of sites: above what systemd gives to services (61184-65519), below where subordinate uids begin. */
export const FIRST_UID = 66_000;
export const LAST_UID = 99_999;

const SiteSettings = z.strictObject({
  type: SiteType,
  /** That its PHP was on; null where it was off, or nobody has noted it yet. */
  phpVersion: PhpVersion.nullable().default(null),
  publicDirectory: PublicDirectory,
  options: SiteOptions.prefault({}),
  phpLimits: PhpLimits.default(NO_PHP_LIMITS),
  enabled: z.boolean(),
});

/** What root remembers of a site. It asks nobody else whether something on the server is ours. */
export const SiteEntry = z.strictObject({
  id: DomainId,
  kind: z.literal('site'),
  /** Of the account and its group alike; `www`'s own for a site of the pool. */
  uid: z.int().min(1).max(LAST_UID),
  gid: z.int().min(1).max(LAST_UID),
  user: z.string().regex(/^(?:www|s-[a-z][a-z0-9]{11})$/),
  name: DomainName,
  /** Changed by a move alone; see `giveTo`. */
  tenant: TenantId.default('default' as TenantId),
  isolation: Isolation,
  since: z.iso.datetime(),
  /** Since when it lies in the trash; null while it is a site. */
  removedAt: z.iso.datetime().nullable(),
  /** By what stamp its files lie there; noted before they are moved. */
  trash: z.string().max(40).nullable().default(null),
  /** From the first on there is no way back; with the second, its number and its id alone are left, for ever. */
  purgingAt: z.iso.datetime().nullable().default(null),
  purgedAt: z.iso.datetime().nullable().default(null),
  /** The newest that was asked for: an older one is a replay. */
  generation: Generation,
  /** Every name whose link may point here. Written before a link is made and after one is gone. */
  names: z.array(DomainName),
  /** Whether the folder under /home/www is known to be of our making. */
  home: z.boolean(),
  /** What the php-fpm master was last started from; null while that is not known. */
  php: z.string().max(100).nullable(),
  /** As it was last brought about whole; null while it never was. */
  settings: SiteSettings.nullable().default(null),
  /** Set by whoever asks, and cleared by root alone. */
  protected: z.boolean().default(false),
  /** It was last brought in line with a tenant that is suspended. */
  suspended: z.boolean().default(false),
});
export type SiteEntry = z.infer<typeof SiteEntry>;

export type Registry = {
  /** Null for an id that was never here. */
  readonly read: (id: DomainId) => Promise<SiteEntry | null>;
  readonly write: (entry: SiteEntry) => Promise<Undo>;
  /** The site is that tenant's from now on, for all executors of this server. */
  readonly giveTo: (entry: SiteEntry, tenant: TenantId) => Promise<Undo>;
  /** All that ever were here. */
  readonly list: () => Promise<readonly SiteEntry[]>;
  /** A tenant's, without what lies in the trash. */
  readonly standingOf: (tenant: TenantId) => Promise<readonly SiteEntry[]>;
  /** A tenant's whose files are here, in place or in the trash. */
  readonly keptOf: (tenant: TenantId) => Promise<readonly SiteEntry[]>;
  /** A number that no site had before. Throws `uids_exhausted`. */
  readonly nextUid: (isTaken: (uid: number) => Promise<boolean>) => Promise<number>;
};

type Tools = { readonly files: Files; readonly folders: Pick<Folders, 'list'>; readonly locks: Locks };

export function createRegistry({ files, folders, locks }: Tools): Registry {
  const read = async (id: DomainId) => {
    const text = await files.read(paths.registered(id));
    return text === null ? null : SiteEntry.parse(JSON.parse(text));
  };
  const idsThere = async () =>
    (await folders.list(paths.registry)).flatMap(
      (name) => DomainId.safeParse(name.replace(/\.json$/, '')).data ?? [],
    );
  const readAll = async (ids: readonly DomainId[]) =>
    (await Promise.all(ids.map(read))).filter((entry) => entry !== null);
  const entries = async () => readAll(await idsThere());
  const write = (entry: SiteEntry) =>
    files.replace(paths.registered(entry.id), `${JSON.stringify(entry)}\n`, 0o600);
  // A site that stood whole has its tenant until somebody, here or in another process, gives it to another one: the
  // thousands of others need not be read each time.
  const owners = new Map<DomainId, TenantId>();
  let movesSeen: string | null = null;
  const forgetMoved = async () => {
    const moves = await files.read(paths.moves);
    if (moves !== movesSeen) owners.clear();
    movesSeen = moves;
  };
  const ofTenant = async (tenant: TenantId) => {
    await forgetMoved();
    const ids = (await idsThere()).filter((id) => (owners.get(id) ?? tenant) === tenant);
    const found = await readAll(ids);
    for (const entry of found) if (entry.settings !== null) owners.set(entry.id, entry.tenant);
    return found.filter((entry) => entry.tenant === tenant);
  };
  return {
    read,
    write,
    giveTo: async (entry, tenant) => {
      const note = () =>
        locks.during('moves', async () => {
          const moves = Number((await files.read(paths.moves)) ?? '0');
          await files.replace(paths.moves, `${moves + 1}\n`, 0o600);
        });
      // Others may have read the new owner by then.
      const noted = () => note().then(() => note);
      const give = async (to: TenantId) => {
        const standing = (await read(entry.id)) ?? entry;
        // Before it too: should this end between the two, nobody goes by what was.
        await inTurn([noted, () => write({ ...standing, tenant: to }), noted]);
      };
      await give(tenant);
      return () => give(entry.tenant);
    },
    list: entries,
    standingOf: async (tenant) => (await ofTenant(tenant)).filter(({ removedAt }) => removedAt === null),
    keptOf: async (tenant) => (await ofTenant(tenant)).filter(({ purgedAt }) => purgedAt === null),
    nextUid: (isTaken) =>
      locks.during('next-uid', async () => {
        const noted = await files.read(paths.nextUid);
        let uid = noted === null ? uidAfterAll(await entries()) : uidFrom(noted);
        while (await isTaken(uid)) uid += 1;
        if (uid > LAST_UID) throw exhausted();
        await files.replace(paths.nextUid, `${uid + 1}\n`, 0o600);
        return uid;
      }),
  };
}

function exhausted(): FailureError {
  return new FailureError(
    'uids_exhausted',
    `Every user number from ${FIRST_UID} to ${LAST_UID} has been given to a site once.`,
    'Sites can be made on another server; numbers are not given a second time.',
  );
}

/** A note that cannot be read stops everything: beginning anew would give a number twice. */
function uidFrom(note: string): number {
  const uid = /^[0-9]{1,9}\n$/.test(note) ? Number(note) : Number.NaN;
  if (!(uid >= FIRST_UID)) throw new Error(`${paths.nextUid} holds no user number`);
  return uid;
}

/** Where there is no note: past every number that a site has, or had. */
function uidAfterAll(entries: readonly SiteEntry[]): number {
  return Math.max(FIRST_UID, ...entries.map(({ uid }) => uid + 1));
}
