import { z } from 'zod';

const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const fqdn = new RegExp(`^${label}(?:\\.${label})+$`);

/**
 * A host name in its canonical form: A-labels, lower case, LDH labels of 1-63 octets, two labels at least,
 * 253 octets in all, no trailing dot, no wildcard, no address. The form a person may type is brought to this
 * one at the API's border (`runtime/domain-names.ts`); below it nothing else is a name.
 */
export const DomainName = z
  .string()
  .max(253)
  .regex(
    fqdn,
    'a host name such as shop.example: lower case letters, digits and hyphens, labels parted by dots',
  )
  .refine(
    (name) => !/(?:^|\.)[0-9]+$/.test(name),
    'a host name, not an address: the last label may not be a number',
  )
  .brand<'DomainName'>();
export type DomainName = z.infer<typeof DomainName>;

/** Aliases of one site, sorted, without repetition. 100 is what one certificate may hold (Let's Encrypt). */
export const Aliases = z.array(DomainName).max(100);

/** A MariaDB schema's name: at most 48 of the 64 characters MariaDB takes, so that a suffix always fits. */
export const DatabaseName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,47}$/, 'a letter, then up to 47 of a-z, 0-9 and _')
  .refine((name) => !RESERVED_DATABASES.has(name), 'another name: this one belongs to the server')
  .brand<'DatabaseName'>();
export type DatabaseName = z.infer<typeof DatabaseName>;

/** A database account's name: MySQL takes 32 characters, MariaDB 80; the shorter holds for both. */
export const DatabaseUserName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,31}$/, 'a letter, then up to 31 of a-z, 0-9 and _')
  .refine((name) => !RESERVED_ACCOUNTS.has(name), 'another name: this one belongs to the server')
  .brand<'DatabaseUserName'>();
export type DatabaseUserName = z.infer<typeof DatabaseUserName>;

const RESERVED_DATABASES: ReadonlySet<string> = new Set([
  'mysql',
  'sys',
  'information_schema',
  'performance_schema',
  'test',
  'sculptor',
  'sculptor_door',
  'ndbinfo',
  'phpmyadmin',
  'lost_found',
]);

const RESERVED_ACCOUNTS: ReadonlySet<string> = new Set([
  'root',
  'mysql',
  'mariadb',
  'sculptor',
  'sculptor_door',
  'debian_sys_maint',
  'phpmyadmin',
  'public',
  'event_scheduler',
  'nginx',
  'www',
  'www_data',
  'admin',
  'none',
  'current_user',
  'current_role',
  'session_user',
  'system_user',
]);

/** The folder below the site's own that is served: `public`, or deeper inside it. */
export const PublicDirectory = z
  .string()
  .max(200)
  .regex(
    /^public(?:\/[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?){0,4}$/,
    'public, or a folder in it such as public/web: up to four levels of letters, digits, dots, _ and -',
  )
  .refine((path) => !path.includes('..'), 'a folder without two dots in a row in its name')
  .brand<'PublicDirectory'>();
export type PublicDirectory = z.infer<typeof PublicDirectory>;

/** As PHP writes its own: major and minor, for instance 8.2. Which are installed the server says. */
export const PhpVersion = z
  .string()
  .regex(/^[5-9]\.[0-9]{1,2}$/, 'a version such as 8.2')
  .brand<'PhpVersion'>();
export type PhpVersion = z.infer<typeof PhpVersion>;
