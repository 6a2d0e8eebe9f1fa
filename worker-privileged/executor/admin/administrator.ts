import { TokenId } from '../../../contract/ids.ts';
import { TokenName } from '../../../contract/tokens.ts';
import type { Administrator } from '../system/administrators.ts';
import { choose, requireNoWords, UsageError, type AdminCommand, type AdminRequest } from './command.ts';

const WORDS = { create, list, revoke } as const satisfies Readonly<
  Record<string, (words: readonly string[]) => AdminRequest>
>;

export const administrator: AdminCommand = {
  synopsis: 'administrator create NAME | list | revoke ID',
  summary: 'Makes, lists and ends the tokens of administrators, which have every scope and no end.',
  read: (words) => choose(WORDS, words),
};

function create([word, ...more]: readonly string[]): AdminRequest {
  const name = TokenName.safeParse(word);
  if (!name.success || more.length > 0)
    throw new UsageError('it wants one name: up to 100 letters, digits, spaces, and . _ @ -');
  return {
    subject: `create ${name.data}`,
    act: async ({ records }) => {
      const { id, text } = await (await records()).administrators.create(name.data);
      return {
        lines: [`token ${text}`, `This token is not shown again: keep it now. Its id is ${id}.`],
        document: { token: { id, name: name.data, role: 'administrator' }, secret: text },
      };
    },
  };
}

function list(words: readonly string[]): AdminRequest {
  requireNoWords(words);
  return {
    subject: 'list',
    act: async ({ records }) => {
      const found = await (await records()).administrators.list();
      return { lines: found.map(lineOf), document: { items: found } };
    },
  };
}

function lineOf({ id, name, createdAt, lastUsedAt, revoked }: Administrator): string {
  const use = lastUsedAt === null ? 'never used' : `last used ${lastUsedAt}`;
  return `${id}  ${revoked ? 'revoked' : 'active '}  made ${createdAt}, ${use}  ${name}`;
}

function revoke([word, ...more]: readonly string[]): AdminRequest {
  const id = TokenId.safeParse(word);
  if (!id.success || more.length > 0)
    throw new UsageError('it wants one id, as sculptorctl administrator list shows it');
  return {
    subject: `revoke ${id.data}`,
    act: async ({ records }) => {
      const { name } = await (await records()).administrators.revoke(id.data);
      return {
        lines: [`${name} (${id.data}) is revoked, and every token that it has made is refused with it`],
        document: { token: { id: id.data, name }, revoked: true },
      };
    },
  };
}
