import { hasSocket, LARAVEL_DIRECTORY, type Domain, type SiteType } from '../../contract/domains.ts';
import { PublicDirectory } from '../../contract/names.ts';
import type { ProgramWords } from '../../contract/programs.ts';
import type { FieldError } from '../../contract/problems.ts';
import { hostOf, type Redirect } from '../../contract/redirects.ts';
import { invalidInput } from '../problems.ts';

type Typed = Pick<Domain, 'name' | 'aliases' | 'type' | 'isolation'> & {
  readonly start?: ProgramWords | undefined;
  readonly options: { readonly redirect: Redirect | null };
};

/** What a type asks of the other fields; throws a ProblemError naming them. */
export function requireFieldsOf(domain: Typed): void {
  const faults = [...isolationFaults(domain), ...startFaults(domain), ...redirectFaults(domain)];
  if (faults.length > 0) throw invalidInput(faults);
}

function isolationFaults({ type, isolation }: Typed): FieldError[] {
  if (!hasSocket(type) || isolation === 'site') return [];
  return [
    {
      field: 'type',
      message: 'A domain of the shared user www has no program of its own.',
      expected: 'php, laravel, static or redirect, or a domain with the isolation site',
    },
  ];
}

function startFaults({ type, start }: Typed): FieldError[] {
  if (start === undefined || type === 'node') return [];
  return [
    { field: 'start', message: 'Only a domain of the type node is begun with it.', expected: 'no start' },
  ];
}

function redirectFaults({ name, aliases, type, options: { redirect } }: Typed): FieldError[] {
  if (type !== 'redirect') return [];
  if (redirect === null)
    return [
      {
        field: 'options.redirect',
        message: 'It is not said where the visitors of this domain go.',
        expected: 'an address for the type redirect, such as {"to": "https://other.example"}',
      },
    ];
  if (![name, ...aliases].some((own) => own === hostOf(redirect.to))) return [];
  return [
    {
      field: 'options.redirect.to',
      message: 'This is the domain itself: its visitors would be sent in a circle.',
      expected: 'an address with none of the names of this domain',
    },
  ];
}

const PUBLIC = PublicDirectory.parse('public');

/** A project of Laravel serves its own `public`, so that what lies beside it is not served, now or as another type. */
export function directoryFor(
  type: SiteType,
  wanted: PublicDirectory | undefined,
  standing: PublicDirectory = PUBLIC,
): PublicDirectory {
  if (wanted !== undefined) return wanted;
  return type === 'laravel' && standing === 'public' ? LARAVEL_DIRECTORY : standing;
}
