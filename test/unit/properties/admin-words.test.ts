import fc from 'fast-check';
import { DomainId } from '../../../contract/ids.ts';
import { DomainName } from '../../../contract/names.ts';
import { TokenName } from '../../../contract/tokens.ts';
import { UsageError, type AdminRequest } from '../../../worker-privileged/executor/admin/command.ts';
import { ADMIN_COMMANDS } from '../../../worker-privileged/executor/admin/table.ts';
import { sqlText } from '../../../worker-privileged/executor/render/sql.ts';
import { Limits } from '../../../worker-privileged/executor/system/limits.ts';
import { adminTerminal, createFakeRecords } from '../../fakes/admin-terminal.ts';
import { createFakeServer, stateOf } from '../../fakes/executor-system.ts';
import { always, alwaysInTime, hostileText, near } from './chance.ts';

/* Root's words are root's, but a line that was pasted, or a script that fills in a tenant's text, is not. */

const good = fc.constantFrom(
  ...['domain', 'list', 'set', 'create', 'revoke', '--yes', 'graceHours', 'destroyPerHour', '72', '0.5'],
  ...['a1b2c3d4e5f6', 'shop.example', 'my panel', 'constructor', '__proto__', '-1', '1e9', 'NaN'],
);
const words = fc.array(fc.oneof(good, near(good), hostileText), { maxLength: 5 });
const word = fc.constantFrom(...Object.keys(ADMIN_COMMANDS));

function read(command: string, typed: readonly string[]): AdminRequest | undefined {
  try {
    return ADMIN_COMMANDS[command as keyof typeof ADMIN_COMMANDS].read(typed);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

test('any words are either refused with a sentence or read into a subject that any log can hold', () => {
  always(fc.tuple(word, words), ([command, typed]) => {
    const request = read(command, typed);
    if (request === undefined) return;
    expect(request.subject ?? '').toMatch(/^[ -~]{0,300}$/);
  });
});

test('what is purged or unprotected is one domain, by its exact name or id', () => {
  const kinds = fc.constantFrom('purge', 'unprotect');
  const one = fc.oneof(near(fc.constantFrom('a1b2c3d4e5f6', 'shop.example', 'www.xn--bcher-kva.example')));
  always(fc.tuple(kinds, one, fc.boolean()), ([command, name, yes]) => {
    const request = read(command, ['domain', name, ...(yes ? ['--yes'] : [])]);
    const isId = DomainId.safeParse(name).success;
    const isOne = isId || DomainName.safeParse(name).success;
    const sure = command === 'unprotect' ? !yes : yes || !isId;
    expect(request?.subject).toBe(isOne && sure && name !== '--yes' ? `domain ${name}` : undefined);
  });
});

test('a limit is what was typed, and within its bounds', () => {
  const names = fc.constantFrom(...Limits.keyof().options);
  const number = fc.oneof(
    near(fc.integer({ min: 0, max: 2_000_000 }).map(String)),
    near(fc.double({ min: 0, max: 9000, noNaN: true }).map((value) => value.toFixed(2))),
  );
  always(fc.tuple(names, number), ([name, typed]) => {
    const request = read('limit', ['set', name, typed]);
    if (request === undefined) return;
    expect(typed).toMatch(/^[0-9.]+$/);
    expect(request.subject).toBe(`${name} ${Number(typed)}`);
    expect(Limits.shape[name].safeParse(Number(typed)).success).toBe(true);
  });
});

test('an administrator has a name of the one grammar, or is not made', () => {
  always(near(fc.constantFrom('my panel', 'a@b.example', 'x')), (name) => {
    const request = read('administrator', ['create', name]);
    expect(request !== undefined).toBe(TokenName.safeParse(name).success);
  });
});

test('whatever is typed, the program ends with 0, 1 or 2, and with 2 nothing was noted or changed', async () => {
  const any = fc.oneof(word, near(word), hostileText);
  await alwaysInTime(fc.tuple(any, words), async ([command, typed]) => {
    // Each on a server of its own: what was typed before may have been a good command.
    const server = createFakeServer();
    const before = stateOf(server);
    const records = createFakeRecords();
    const { code, events, out } = await adminTerminal(server, records, [command, ...typed]);
    expect([0, 1, 2]).toContain(code);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    if (code !== 2) return;
    expect([events, records.told]).toEqual([[], []]);
    expect(stateOf(server)).toEqual(before);
  });
});

test('of a text that becomes a value of SQL nothing gets out, and nothing is lost', () => {
  always(hostileText, (text) => {
    const value = sqlText(text);
    expect(value).toMatch(/^_utf8mb4 X'(?:[0-9a-f]{2})*'$/);
    const bytes = Buffer.from(value.slice("_utf8mb4 X'".length, -1), 'hex');
    expect(bytes).toEqual(Buffer.from(text, 'utf8'));
  });
});
