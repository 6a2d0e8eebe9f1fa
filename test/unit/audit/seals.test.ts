import { AuditHead } from '../../../contract/audit.ts';
import { createAuditSeals } from '../../../worker-privileged/executor/system/audit-seals.ts';

/* Whether a seal that root is told of stands there. */

const head = (number: number, letter: string) => AuditHead.parse({ number, hash: letter.repeat(64) });
const [KNOWN, HEAD] = [head(5, 'a'), head(8, 'b')];
const RIGHT = { known: KNOWN.hash, head: HEAD.hash, chained: 3 };

function ask(found: Partial<Record<keyof typeof RIGHT, unknown>>, known: AuditHead | null = KNOWN) {
  const asked: string[] = [];
  const seals = createAuditSeals((text) => {
    asked.push(text);
    return Promise.resolve(`${JSON.stringify({ ...RIGHT, ...found })}\n`);
  });
  return { asked, answer: seals.requireChain(known, HEAD) };
}

test('a seal to which the chain leads from the one that is noted is one', async () => {
  const { asked, answer } = ask({});
  await answer;
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('s.number > 5 AND s.number <= 8');
  await ask({ known: HEAD.hash, chained: 0 }, null).answer;
});

test.each([
  ['is not there', { head: null }],
  ['is another', { head: KNOWN.hash }],
])('a seal that %s is none, noted before or not', async (_, found) => {
  await expect(ask(found).answer).rejects.toMatchObject({ failure: { code: 'mismatch' } });
  await expect(ask(found, null).answer).rejects.toMatchObject({ failure: { code: 'mismatch' } });
});

test.each([
  ['the one that is noted is gone', { known: null }],
  ['the one that is noted is another', { known: HEAD.hash }],
  ['one between is missing, or made of another', { chained: 2 }],
])('where %s no other is noted', async (_, found) => {
  await expect(ask(found).answer).rejects.toMatchObject({ failure: { code: 'mismatch' } });
});
