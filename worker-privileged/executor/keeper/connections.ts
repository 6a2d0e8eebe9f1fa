/** A connection as CLIENT LIST shows it. */
export type Connection = { readonly id: number; readonly user: string; readonly age: number };

/** What a site's PHP and its queues open; its share of what Redis takes in all. */
export const MOST_OF_A_SITE = 64;
/** Whoever has an account says so at once. */
const MOST_STRANGERS = 500;
const PATIENCE_SECONDS = 3;

export function connectionsIn(text: string): readonly Connection[] {
  return text.split('\n').flatMap((line) => {
    const words = new Map(
      line.split(' ').map((word) => [word.split('=')[0], word.slice(word.indexOf('=') + 1)]),
    );
    const [id, age] = [Number(words.get('id')), Number(words.get('age'))];
    return Number.isInteger(id) && id > 0 ? [{ id, user: words.get('user') ?? '', age }] : [];
  });
}

/** Those to end: of each site the newest that are too many, and of those without an account what only waits. */
export function tooMany(connections: readonly Connection[]): readonly number[] {
  const users = new Map<string, Connection[]>();
  for (const each of connections) users.set(each.user, [...(users.get(each.user) ?? []), each]);
  return [...users].flatMap(([user, own]) => {
    if (user === 'executor' || user === 'keeper') return [];
    const oldestFirst = own.sort((a, b) => a.id - b.id);
    const ended = user.startsWith('s-')
      ? oldestFirst.slice(MOST_OF_A_SITE)
      : oldestFirst.filter(({ age }, place) => age >= PATIENCE_SECONDS || place >= MOST_STRANGERS);
    return ended.map(({ id }) => id);
  });
}
