-- The door's procedures, put in place anew at every installation. See 0002-door.sql.
-- A refusal is SQLSTATE 45000 whose message is a failure code of contract/failures.ts.
-- \\A and \\z, never ^ and $: whoever calls has the session, and with default_regex_flags = 'MULTILINE' they match at
-- every line.
-- A session keeps the rights that it had in its database, whatever becomes of the account: they would hold for the
-- next tenant's database of the same name. So whoever loses rights, or came in with another password, is put out.

DELIMITER //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4, IN p_name VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  DECLARE gone DATETIME(3) DEFAULT NULL;
  IF p_id IS NULL OR p_name IS NULL OR NOT (BINARY p_id REGEXP '\\A[a-z][a-z0-9]{11}\\z')
    OR NOT (BINARY p_name REGEXP '\\A[a-z][a-z0-9_]{0,47}\\z')
    OR p_name IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT name, dropped_at INTO known, gone FROM sculptor_door.managed_database WHERE id = p_id;
  IF known IS NOT NULL AND (BINARY known <> BINARY p_name OR gone IS NOT NULL) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF known IS NULL THEN
    IF EXISTS (SELECT 1 FROM sculptor_door.managed_database WHERE held = p_name) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'name_taken';
    END IF;
    IF EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = p_name) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ours';
    END IF;
    -- A right that stands for a schema of this name from before would let its holder in.
    IF EXISTS (SELECT 1 FROM mysql.db WHERE db <> '%' AND p_name LIKE db)
      OR EXISTS (SELECT 1 FROM mysql.tables_priv WHERE db = p_name)
      OR EXISTS (SELECT 1 FROM mysql.columns_priv WHERE db = p_name)
      OR EXISTS (SELECT 1 FROM mysql.procs_priv WHERE db = p_name) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ours';
    END IF;
    INSERT INTO sculptor_door.managed_database (id, name) VALUES (p_id, p_name);
  END IF;
  EXECUTE IMMEDIATE CONCAT('CREATE DATABASE IF NOT EXISTS `', p_name, '` CHARACTER SET utf8mb4');
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.drop_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  DECLARE account VARCHAR(32) DEFAULT NULL;
  DECLARE done BOOLEAN DEFAULT FALSE;
  DECLARE accounts CURSOR FOR
    SELECT name FROM sculptor_door.managed_user WHERE database_id = p_id AND dropped_at IS NULL;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = TRUE;
  SELECT name INTO known FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL THEN
    SET done = FALSE;
    OPEN accounts;
    dropping: LOOP
      FETCH accounts INTO account;
      IF done THEN LEAVE dropping; END IF;
      EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS `', account, '`@`localhost`');
      EXECUTE IMMEDIATE CONCAT('KILL USER `', account, '`@`localhost`');
    END LOOP;
    CLOSE accounts;
    EXECUTE IMMEDIATE CONCAT('DROP DATABASE IF EXISTS `', known, '`');
    IF EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = known) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'mismatch';
    END IF;
    UPDATE sculptor_door.managed_user SET dropped_at = UTC_TIMESTAMP(3) WHERE database_id = p_id AND dropped_at IS NULL;
    UPDATE sculptor_door.managed_database SET dropped_at = UTC_TIMESTAMP(3) WHERE id = p_id;
  END IF;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4, IN p_database_id VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_name VARCHAR(255) CHARACTER SET utf8mb4, IN p_privileges VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE db VARCHAR(48) DEFAULT NULL;
  DECLARE known VARCHAR(32) DEFAULT NULL;
  DECLARE known_database CHAR(12) DEFAULT NULL;
  DECLARE gone DATETIME(3) DEFAULT NULL;
  IF p_id IS NULL OR p_name IS NULL OR p_hash IS NULL OR p_privileges IS NULL
    OR NOT (BINARY p_id REGEXP '\\A[a-z][a-z0-9]{11}\\z')
    OR NOT (BINARY p_name REGEXP '\\A[a-z][a-z0-9_]{0,31}\\z')
    OR NOT (BINARY p_hash REGEXP '\\A\\*[0-9A-F]{40}\\z')
    OR p_privileges NOT IN ('all', 'read')
    OR p_name IN ('root', 'mysql', 'mariadb', 'sculptor', 'sculptor_door', 'public') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT name INTO db FROM sculptor_door.managed_database WHERE id = p_database_id AND dropped_at IS NULL;
  IF db IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ready';
  END IF;
  SELECT name, database_id, dropped_at INTO known, known_database, gone FROM sculptor_door.managed_user WHERE id = p_id;
  IF known IS NOT NULL AND (BINARY known <> BINARY p_name OR known_database <> p_database_id OR gone IS NOT NULL) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF known IS NULL THEN
    IF EXISTS (SELECT 1 FROM sculptor_door.managed_user WHERE held = p_name) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'name_taken';
    END IF;
    -- What a dropped account defined in a database that is still there (a procedure, a view, a trigger) would run
    -- with the rights of whoever has its name next: only that same database may have the name again.
    IF EXISTS (SELECT 1 FROM sculptor_door.managed_user u
      JOIN sculptor_door.managed_database d ON d.id = u.database_id AND d.dropped_at IS NULL
      WHERE u.name = p_name AND u.database_id <> p_database_id) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'name_taken';
    END IF;
    IF EXISTS (SELECT 1 FROM mysql.global_priv WHERE user = p_name) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ours';
    END IF;
    INSERT INTO sculptor_door.managed_user (id, database_id, name) VALUES (p_id, p_database_id, p_name);
  END IF;
  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS `', p_name, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
  EXECUTE IMMEDIATE CONCAT('ALTER USER `', p_name, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
  EXECUTE IMMEDIATE CONCAT('REVOKE ALL PRIVILEGES, GRANT OPTION FROM `', p_name, '`@`localhost`');
  EXECUTE IMMEDIATE CONCAT('GRANT ',
    IF(p_privileges = 'read', 'SELECT, SHOW VIEW',
      'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER'),
    ' ON `', REPLACE(db, '_', '\\_'), '`.* TO `', p_name, '`@`localhost`');
  EXECUTE IMMEDIATE CONCAT('KILL USER `', p_name, '`@`localhost`');
END //

-- Another password for an account that is there; its rights are left alone, so that a live site loses none
-- for a moment.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_password(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4, IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  IF p_id IS NULL OR p_hash IS NULL OR NOT (BINARY p_hash REGEXP '\\A\\*[0-9A-F]{40}\\z') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT name INTO known FROM sculptor_door.managed_user WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  EXECUTE IMMEDIATE CONCAT('ALTER USER `', known, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
  EXECUTE IMMEDIATE CONCAT('KILL USER `', known, '`@`localhost`');
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.drop_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_user WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL THEN
    EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS `', known, '`@`localhost`');
    EXECUTE IMMEDIATE CONCAT('KILL USER `', known, '`@`localhost`');
    UPDATE sculptor_door.managed_user SET dropped_at = UTC_TIMESTAMP(3) WHERE id = p_id;
  END IF;
END //

-- What the server holds of one account: a row a grant, as SHOW GRANTS prints it; none when there is no account.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.read_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_user WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL AND EXISTS (SELECT 1 FROM mysql.global_priv WHERE user = known AND host = 'localhost') THEN
    EXECUTE IMMEDIATE CONCAT('SHOW GRANTS FOR `', known, '`@`localhost`');
  ELSE
    SELECT 'none' AS grants FROM DUAL WHERE FALSE;
  END IF;
END //

-- Whether the schema of a registered database is there.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.read_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  SELECT d.name FROM sculptor_door.managed_database d
    JOIN information_schema.schemata s ON s.schema_name = d.name
    WHERE d.id = p_id AND d.dropped_at IS NULL;
END //

DELIMITER ;
