/**
 * A text as a value of SQL: its bytes, so that in no mode of the server and for no client anything in it ends it.
 */
export function sqlText(text: string): string {
  return `_utf8mb4 X'${Buffer.from(text, 'utf8').toString('hex')}'`;
}

/** A whole number as it stands. Throws for anything else. */
export function sqlInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error('a whole number is wanted');
  return String(value);
}

/** A moment as a DATETIME(3) has it, in UTC. */
export function sqlMoment(iso: string): string {
  return `'${new Date(iso).toISOString().replace('T', ' ').replace('Z', '')}'`;
}
