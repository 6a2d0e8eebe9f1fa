/** What a text says as JSON; undefined where it is none. Nothing of it is quoted: there may be a password in it. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
