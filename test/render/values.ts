import fc from 'fast-check';
import { Isolation, NO_PHP_LIMITS, PhpLimits, SiteType } from '../../contract/domains.ts';
import { DomainId } from '../../contract/ids.ts';
import { DomainName, PhpVersion, PublicDirectory } from '../../contract/names.ts';
import { SiteOptions } from '../../contract/site-options.ts';
import { arbitraryOf } from '../fuzz/arbitrary-of.ts';
import { SEED } from '../fuzz/settings.ts';

/** A site by all that a rendered file may hold of it. */
export type Site = {
  readonly id: DomainId;
  readonly type: SiteType;
  readonly names: readonly [DomainName, ...DomainName[]];
  readonly publicDirectory: PublicDirectory;
  readonly options: SiteOptions;
  readonly version: PhpVersion;
  readonly phpLimits: PhpLimits;
  readonly isolation: Isolation;
};

const label = (length: number) =>
  fc
    .tuple(
      fc.stringMatching(/^[a-z0-9]{10}$/),
      fc.stringMatching(/^[a-z0-9-]$/),
      fc.stringMatching(/^[a-z0-9]$/),
    )
    .map(([first, middle, last]) => `${first}${middle.repeat(length - 11)}${last}`);
const ofLabels = (...lengths: readonly number[]) =>
  fc.tuple(...lengths.map(label)).map((labels) => labels.join('.'));

/** By the schema, and at its ends: 253 octets, labels of 63, and both sides of what the generic block takes. */
const name = fc
  .oneof(
    { weight: 4, arbitrary: arbitraryOf(DomainName) },
    { weight: 1, arbitrary: ofLabels(63, 63, 63, 61) },
    { weight: 1, arbitrary: ofLabels(63, 16) },
    { weight: 1, arbitrary: ofLabels(63, 17) },
    { weight: 1, arbitrary: fc.stringMatching(/^[a-z0-9]{3,20}$/).map((text) => `xn--${text}a.example`) },
  )
  .filter((text): text is DomainName => DomainName.safeParse(text).success);

const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{45}[A-Za-z0-9_-]$/);
const publicDirectory = fc
  .oneof(
    arbitraryOf(PublicDirectory),
    fc.tuple(part, part, part, part).map((parts) => ['public', ...parts].join('/')),
  )
  .filter((text): text is PublicDirectory => PublicDirectory.safeParse(text).success);

const site = fc.record({
  id: arbitraryOf(DomainId),
  type: arbitraryOf(SiteType),
  names: fc.oneof(
    { weight: 12, arbitrary: fc.array(name, { minLength: 1, maxLength: 4 }) },
    // A site and the hundred aliases that it may have.
    { weight: 1, arbitrary: fc.array(name, { minLength: 101, maxLength: 101, size: 'max' }) },
  ),
  publicDirectory,
  options: fc
    .oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 4, arbitrary: arbitraryOf(SiteOptions) })
    .map((options) => SiteOptions.parse(options)),
  version: arbitraryOf(PhpVersion),
  phpLimits: fc.oneof(
    { weight: 4, arbitrary: fc.constant(NO_PHP_LIMITS) },
    { weight: 1, arbitrary: arbitraryOf(PhpLimits) },
  ),
  isolation: arbitraryOf(Isolation),
});

/** So many sites by chance; as on a server, no two have an id or a name in common. */
export function sites(count: number): readonly Site[] {
  const taken = new Set<string>();
  const isNew = (text: string) => !taken.has(text) && taken.add(text);
  return fc.sample(site, { numRuns: count, seed: SEED }).flatMap((one) => {
    const [first, ...others] = one.names.filter(isNew);
    if (first === undefined || !isNew(one.id)) return [];
    return [
      {
        ...one,
        id: DomainId.parse(one.id),
        version: PhpVersion.parse(one.version),
        phpLimits: PhpLimits.parse(one.phpLimits),
        names: [first, ...others],
      },
    ];
  });
}

export function domainNames(count: number): readonly DomainName[] {
  return [...new Set(fc.sample(name, { numRuns: count, seed: SEED }))];
}

/** Numbers of sites' accounts, the first and the last among them. */
export function uidOf(index: number): number {
  return index === 0 ? 99_999 : 65_999 + index;
}
