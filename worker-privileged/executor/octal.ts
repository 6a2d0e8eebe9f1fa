/** A mode as it is written: 0750. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
