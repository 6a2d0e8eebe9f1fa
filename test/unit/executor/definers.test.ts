import { Readable } from 'node:stream';
import { createDefinerRewriter } from '../../../worker-privileged/executor/render/definers.ts';
import { createLineHeads } from '../../../worker-privileged/executor/system/line-heads.ts';

const rewritten = (lines: readonly string[]) => lines.map(createDefinerRewriter('shop_user'));

/** As mariadb-dump 10.11 and 11.8 write them. */
test.each([
  [
    '/*!50013 DEFINER=`old`@`localhost` SQL SECURITY DEFINER */',
    '/*!50013 DEFINER=`shop_user`@`localhost` SQL SECURITY DEFINER */',
  ],
  [
    '/*!50013 DEFINER=`a``b`@`%` SQL SECURITY INVOKER */',
    '/*!50013 DEFINER=`shop_user`@`localhost` SQL SECURITY INVOKER */',
  ],
  [
    '/*!50013 DEFINER=`a_role` SQL SECURITY DEFINER */',
    '/*!50013 DEFINER=`shop_user`@`localhost` SQL SECURITY DEFINER */',
  ],
])('a view is defined by who plays the dump back: %s', (line, expected) => {
  expect(rewritten([line])).toEqual([expected]);
});

test.each([
  'CREATE DEFINER=`old`@`localhost` PROCEDURE `p`()',
  'CREATE DEFINER=`root`@`localhost` FUNCTION `f`() RETURNS int(11)',
  'CREATE DEFINER=`old`@`localhost` PACKAGE BODY `k` AS',
  '/*!50003 CREATE*/ /*!50017 DEFINER=`old`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `x` FOR EACH ROW BEGIN',
  '/*!50106 CREATE*/ /*!50117 DEFINER=`old`@`%`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1',
])('a program is, once, and its body is left as it stands: %s', (head) => {
  const body = ["  SELECT '", '/*!50013 DEFINER=`x`@`y` SQL SECURITY DEFINER */', head, "';", 'END ;;'];
  expect(
    rewritten(['DELIMITER ;;', "/*!50003 SET sql_mode = '' */ ;;", head, ...body, 'DELIMITER ;', head]),
  ).toEqual([
    'DELIMITER ;;',
    "/*!50003 SET sql_mode = '' */ ;;",
    head.replace(/DEFINER=`[a-z]+`@`[a-z%]+`/, 'DEFINER=`shop_user`@`localhost`'),
    ...body,
    'DELIMITER ;',
    head,
  ]);
});

test.each([
  "INSERT INTO `t` VALUES (1,'/*!50013 DEFINER=`x`@`y` SQL SECURITY DEFINER */');",
  ' /*!50013 DEFINER=`x`@`y` SQL SECURITY DEFINER */',
  'CREATE DEFINER=`x`@`y` PROCEDURE p() SELECT 1;',
  '/*!50013 DEFINER=x@y SQL SECURITY DEFINER */',
  '/*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER */',
])('what is written in another way passes as it is, for MariaDB to refuse: %s', (line) => {
  expect(rewritten([line])).toEqual([line]);
});

async function through(chunks: readonly Buffer[], edit: (head: string) => string): Promise<Buffer> {
  const passed = await Readable.from(chunks).pipe(createLineHeads(edit)).toArray();
  return Buffer.concat(passed as Buffer[]);
}

test('every byte passes, wherever a chunk ends, and each line is seen once', async () => {
  const bytes = Buffer.concat([
    Buffer.from('one\n\n'),
    Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
    Buffer.from(`\n${'long '.repeat(4000)}\nlast, without an end`),
  ]);
  for (const size of [1, 2, 7, 4096, 100_000]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const seen: string[] = [];
    const passed = await through(chunks, (head) => {
      seen.push(head.slice(0, 4));
      return head;
    });
    expect(passed.equals(bytes)).toBe(true);
    expect(seen).toEqual(['one', '', '\0\u0001\u0002\u0003', '\u000b\f\r\u000e', 'long', 'last']);
  }
});

test('the beginning of a line is edited, however long the line is', async () => {
  const long = `/*!50013 DEFINER=\`old\`@\`localhost\` ${'x'.repeat(100_000)}\nnext\n`;
  const passed = await through([Buffer.from(long)], createDefinerRewriter('me'));
  expect(passed.toString()).toBe(long.replace('`old`', '`me`'));
});
