import { Page } from './answers.ts';
import { understand, type Client } from './client.ts';
import type { Terminal } from './terminal.ts';

/** What a command works with: the API, the person's terminal, and how they want to be answered. */
export type Session = {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly wait: boolean;
  /** Nothing is to be done but to tell what would be. */
  readonly plan: boolean;
  readonly pause: (ms: number) => Promise<void>;
  /** After how long a person is told that an operation has not begun. */
  readonly patienceMs: number;
};

/** The options that every command takes. */
export type GlobalOptions = {
  readonly json?: true;
  readonly wait: boolean;
  readonly plan?: true;
  readonly address?: string;
  readonly socket?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly tenant?: string;
};

export type OpenSession = (options: GlobalOptions) => Session;

/** A path of the API; what a person typed is one part of it, whatever it holds. */
export function path(strings: TemplateStringsArray, ...parts: readonly string[]): string {
  return String.raw({ raw: strings.raw }, ...parts.map((part) => encodeURIComponent(part)));
}

/** All items of a list, page after page, or the first `most`. */
export async function listAll(session: Session, address: string, most = Infinity): Promise<Listed> {
  const items: unknown[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = understand(
      Page,
      await session.client.get(withPage(address, cursor, most - items.length)),
    );
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < most);
  return { items: items.slice(0, most), next: cursor };
}

export type Listed = { readonly items: readonly unknown[]; readonly next: string | null };

function withPage(address: string, cursor: string | null, wanted: number): string {
  const query = new URLSearchParams({ limit: String(Math.min(200, wanted)) });
  if (cursor !== null) query.set('cursor', cursor);
  return `${address}${address.includes('?') ? '&' : '?'}${query.toString()}`;
}
