import type { Login } from './agent.ts';
import { must, rootSql, run, SOCKET_OF_MARIADB } from './server.ts';

/** What a tenant may put into a database, and somebody who brings it back has to mind. */
export const CONTENTS = `
CREATE TABLE plain (id INT PRIMARY KEY AUTO_INCREMENT, price INT DEFAULT 4, words VARCHAR(200), raw BLOB, big LONGTEXT, doc JSON,
  twice INT AS (price * 2) STORED, at DATETIME(6) NULL, KEY (words));
INSERT INTO plain (words, raw, big, doc, at) VALUES
  ('Grüße 😀 ''"\\\\%_', X'00FF0A0D1A275C', REPEAT('long ', 20000), '{"a": [1, null]}', '2026-01-02 03:04:05.678901'),
  ('DEFINER=\`root\`@\`localhost\`', X'', '', '[]', NULL), (NULL, NULL, NULL, NULL, NULL);
DELETE FROM plain WHERE id = 3;
CREATE TABLE \`with space; and \`\`quote\` (\`a b\` INT, \`sele;ct\` TEXT) COMMENT 'it''s; \\n DELIMITER //';
INSERT INTO \`with space; and \`\`quote\` VALUES (1, 'x;\\nDELIMITER //\\n\\\\! id');
CREATE TABLE \`täble\` (x INT) CHARACTER SET latin1;
CREATE TABLE child (parent INT, CONSTRAINT to_plain FOREIGN KEY (parent) REFERENCES plain (id) ON DELETE CASCADE);
INSERT INTO child VALUES (1), (2);
CREATE SEQUENCE numbers START WITH 40 INCREMENT BY 2;
DO NEXTVAL(numbers);
CREATE VIEW seen AS SELECT id, words, '/*!50013 DEFINER=\`x\`@\`y\` SQL SECURITY DEFINER */' AS text FROM plain;
CREATE SQL SECURITY INVOKER VIEW again AS SELECT s.id FROM seen s;
DELIMITER //
CREATE TRIGGER before_child BEFORE INSERT ON child FOR EACH ROW BEGIN
  SET NEW.parent = COALESCE(NEW.parent, 1);
  -- DELIMITER ;
  SET @text = '
DELIMITER ;;
CREATE DEFINER=\`root\`@\`localhost\` PROCEDURE p() SELECT 1 ;;
';
END //
CREATE PROCEDURE put(IN p_words VARCHAR(200)) BEGIN INSERT INTO plain (words) VALUES (p_words); END //
CREATE FUNCTION doubled(x INT) RETURNS INT DETERMINISTIC RETURN x * 2 //
CREATE EVENT daily ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO BEGIN DELETE FROM child WHERE parent = 0; END //
DELIMITER ;
CREATE VIEW calling AS SELECT doubled(id) AS twice FROM plain;
`;

/** As a tenant's own tool puts it there. */
export function fill({ name, password }: Login, database: string, text = CONTENTS): void {
  const { code, err } = run(
    'env',
    [
      ...['-i', 'PATH=/usr/bin:/bin', `MYSQL_PWD=${password}`, 'mariadb', '--no-defaults', '--binary-mode'],
      ...['--default-character-set=utf8mb4', `--user=${name}`, `--socket=${SOCKET_OF_MARIADB}`, database],
    ],
    text,
  );
  if (code !== 0) throw new Error(err);
}

const DUMP = [
  ...['--no-defaults', `--socket=${SOCKET_OF_MARIADB}`, '--skip-comments', '--skip-dump-date', '--hex-blob'],
  ...['--routines', '--events', '--triggers', '--default-character-set=utf8mb4'],
];

/** All that a database holds, as one text that compares; whoever defined it aside. */
export function contentsOf(database: string): string {
  return dumpOf(database).replace(/DEFINER=`\w+`@`localhost`/g, 'DEFINER');
}

export function dumpOf(database: string): string {
  return must('mariadb-dump', [...DUMP, '--', database]);
}

/** Who defines what is defined in a database. */
export function definersOf(database: string): readonly string[] {
  return rootSql(`SELECT definer FROM information_schema.views WHERE table_schema = '${database}'
    UNION SELECT definer FROM information_schema.routines WHERE routine_schema = '${database}'
    UNION SELECT definer FROM information_schema.triggers WHERE trigger_schema = '${database}'
    UNION SELECT definer FROM information_schema.events WHERE event_schema = '${database}'`)
    .split('\n')
    .filter(Boolean);
}
