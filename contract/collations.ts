import { z } from 'zod';

/**
 * The character sets that a database may have, each with its collations, the first of which it gets where none is
 * asked for. The list is closed: no other word ever stands in a statement. Which of them a server has, it says itself.
 */
export const COLLATIONS = {
  utf8mb4: [
    'utf8mb4_unicode_ci',
    'utf8mb4_unicode_520_ci',
    'utf8mb4_general_ci',
    'utf8mb4_bin',
    'utf8mb4_uca1400_ai_ci',
    'utf8mb4_uca1400_ai_cs',
    'utf8mb4_uca1400_as_ci',
    'utf8mb4_uca1400_as_cs',
    'utf8mb4_0900_ai_ci',
    'utf8mb4_0900_as_ci',
    'utf8mb4_0900_as_cs',
    'utf8mb4_0900_bin',
    'utf8mb4_croatian_ci',
    'utf8mb4_czech_ci',
    'utf8mb4_danish_ci',
    'utf8mb4_estonian_ci',
    'utf8mb4_german2_ci',
    'utf8mb4_hungarian_ci',
    'utf8mb4_icelandic_ci',
    'utf8mb4_latvian_ci',
    'utf8mb4_lithuanian_ci',
    'utf8mb4_persian_ci',
    'utf8mb4_polish_ci',
    'utf8mb4_roman_ci',
    'utf8mb4_romanian_ci',
    'utf8mb4_sinhala_ci',
    'utf8mb4_slovak_ci',
    'utf8mb4_slovenian_ci',
    'utf8mb4_spanish_ci',
    'utf8mb4_spanish2_ci',
    'utf8mb4_swedish_ci',
    'utf8mb4_turkish_ci',
    'utf8mb4_vietnamese_ci',
  ],
  utf8mb3: ['utf8mb3_unicode_ci', 'utf8mb3_general_ci', 'utf8mb3_bin'],
  latin1: ['latin1_swedish_ci', 'latin1_general_ci', 'latin1_general_cs', 'latin1_german2_ci', 'latin1_bin'],
  latin2: ['latin2_general_ci', 'latin2_czech_cs', 'latin2_hungarian_ci', 'latin2_bin'],
  latin5: ['latin5_turkish_ci', 'latin5_bin'],
  ascii: ['ascii_general_ci', 'ascii_bin'],
  cp1250: ['cp1250_general_ci', 'cp1250_czech_cs', 'cp1250_bin'],
  cp1251: ['cp1251_general_ci', 'cp1251_general_cs', 'cp1251_bin'],
  koi8r: ['koi8r_general_ci', 'koi8r_bin'],
} as const;

export type Charset = keyof typeof COLLATIONS;
export const Charset = z.enum(Object.keys(COLLATIONS) as [Charset, ...Charset[]]);
export type Collation = (typeof COLLATIONS)[Charset][number];
export const Collation = z.enum(Object.values(COLLATIONS).flat() as [Collation, ...Collation[]]);

/** Every collation's name begins with its character set's. */
export function charsetOf(collation: Collation): Charset {
  return Charset.parse(collation.slice(0, collation.indexOf('_')));
}

/** What a server has of the list. */
export function knownCollations(names: readonly string[]): Collation[] {
  const there = new Set(names);
  return Collation.options.filter((each) => there.has(each));
}
