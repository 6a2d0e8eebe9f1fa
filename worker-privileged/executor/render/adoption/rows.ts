import { sqlText } from '../sql.ts';

export const SERVER = "'default'";
export const NOW = 'UTC_TIMESTAMP(3)';

export function insert(table: string, row: Readonly<Record<string, string>>): string {
  return `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.values(row).join(', ')})`;
}

export const flag = (value: boolean) => (value ? 'TRUE' : 'FALSE');
export const json = (value: unknown) => sqlText(JSON.stringify(value));
export const textOrNull = (value: string | null) => (value === null ? 'NULL' : sqlText(value));
