-- The door's procedures, put in place anew at every installation. See 0002-door.sql.
-- A refusal is SQLSTATE 45000 whose message is a failure code of contract/failures.ts.
-- \\A and \\z, never ^ and $: whoever calls has the session, and with default_regex_flags = 'MULTILINE' they match at
-- every line. What sculptor may call is granted by name at the end; the rest is root's, or called from here alone.

DELIMITER //

-- One more of what is capped in an hour, or a refusal where the hour is full. With SET timestamp a session has a clock
-- of its own, and with SET time_zone a zone: SYSDATE() follows the one no more than a zone set here does the other. The
-- limit's row is locked until the count is written, so that of two at once the second sees the first.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.count_one(
  IN p_kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE most, before_this BIGINT DEFAULT NULL;
  DECLARE clock BIGINT;
  DECLARE zone VARCHAR(64) DEFAULT @@SESSION.time_zone;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  SET SESSION time_zone = '+00:00';
  SET clock = UNIX_TIMESTAMP(SYSDATE());
  SET SESSION time_zone = zone;
  START TRANSACTION;
  SELECT value INTO most FROM sculptor_door.setting WHERE name = p_kind FOR UPDATE;
  DELETE FROM sculptor_door.counted WHERE counted_at <= clock - 3600;
  SELECT COUNT(*) INTO before_this FROM sculptor_door.counted WHERE kind = p_kind FOR UPDATE;
  IF most IS NULL OR before_this >= most THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'limit_reached';
  END IF;
  INSERT INTO sculptor_door.counted (kind, counted_at) VALUES (p_kind, clock);
  COMMIT;
END //

-- A session keeps the rights that it had in its database, whatever becomes of the account: they would hold for the
-- next tenant's database of the same name. So whoever loses rights, or came in with another password, is put out.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_sessions(
  IN p_account VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  EXECUTE IMMEDIATE CONCAT('KILL USER `', p_account, '`@`localhost`');
END //

-- Refuses a name that a database cannot have: what is there before us is somebody's, whoever's.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.require_free_database(
  IN p_name VARCHAR(48) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
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
END //

-- The same for the name of an account in a database.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.require_free_account(
  IN p_name VARCHAR(32) CHARACTER SET utf8mb4, IN p_database_id VARCHAR(12) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
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
END //

-- These rights on this one database and no others, and so many connections at once.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.give_rights(
  IN p_account VARCHAR(64) CHARACTER SET utf8mb4, IN p_database VARCHAR(48) CHARACTER SET utf8mb4,
  IN p_privileges VARCHAR(10) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE most INT UNSIGNED;
  SELECT value INTO most FROM sculptor_door.setting WHERE name = 'connections_per_account';
  EXECUTE IMMEDIATE CONCAT('ALTER USER `', p_account, '`@`localhost` WITH MAX_USER_CONNECTIONS ', most);
  EXECUTE IMMEDIATE CONCAT('REVOKE ALL PRIVILEGES, GRANT OPTION FROM `', p_account, '`@`localhost`');
  EXECUTE IMMEDIATE CONCAT('GRANT ',
    IF(p_privileges = 'read', 'SELECT, SHOW VIEW',
      'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER'),
    ' ON `', REPLACE(p_database, '_', '\\_'), '`.* TO `', p_account, '`@`localhost`');
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4, IN p_name VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  DECLARE gone, closed DATETIME(3) DEFAULT NULL;
  IF p_id IS NULL OR p_name IS NULL OR NOT (BINARY p_id REGEXP '\\A[a-z][a-z0-9]{11}\\z')
    OR NOT (BINARY p_name REGEXP '\\A[a-z][a-z0-9_]{0,47}\\z')
    OR p_name IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT name, dropped_at, closed_at INTO known, gone, closed FROM sculptor_door.managed_database WHERE id = p_id;
  IF known IS NOT NULL AND (BINARY known <> BINARY p_name OR gone IS NOT NULL OR closed IS NOT NULL) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF known IS NULL THEN
    CALL sculptor_door.require_free_database(p_name);
    INSERT INTO sculptor_door.managed_database (id, name) VALUES (p_id, p_name);
  END IF;
  EXECUTE IMMEDIATE CONCAT('CREATE DATABASE IF NOT EXISTS `', p_name, '` CHARACTER SET utf8mb4');
END //

-- For a creation that came to nothing: drops a database that holds nothing and that nobody can log in to. What holds
-- something is removed by root, who keeps a dump.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.discard_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL THEN
    IF EXISTS (SELECT 1 FROM sculptor_door.managed_user WHERE database_id = p_id AND dropped_at IS NULL)
      OR EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = known)
      OR EXISTS (SELECT 1 FROM mysql.proc WHERE db = known)
      OR EXISTS (SELECT 1 FROM mysql.event WHERE db = known) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
    END IF;
    EXECUTE IMMEDIATE CONCAT('DROP DATABASE IF EXISTS `', known, '`');
    UPDATE sculptor_door.managed_database SET dropped_at = UTC_TIMESTAMP(3), closed_at = NULL WHERE id = p_id;
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
  DECLARE lets_in BOOLEAN;
  IF p_id IS NULL OR p_name IS NULL OR p_hash IS NULL OR p_privileges IS NULL
    OR NOT (BINARY p_id REGEXP '\\A[a-z][a-z0-9]{11}\\z')
    OR NOT (BINARY p_name REGEXP '\\A[a-z][a-z0-9_]{0,31}\\z')
    OR NOT (BINARY p_hash REGEXP '\\A\\*[0-9A-F]{40}\\z')
    OR BINARY p_privileges NOT IN ('all', 'read')
    OR p_name IN ('root', 'mysql', 'mariadb', 'sculptor', 'sculptor_door', 'public') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT name INTO db FROM sculptor_door.managed_database
    WHERE id = p_database_id AND dropped_at IS NULL AND closed_at IS NULL;
  IF db IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ready';
  END IF;
  SELECT name, database_id, dropped_at INTO known, known_database, gone FROM sculptor_door.managed_user WHERE id = p_id;
  IF known IS NOT NULL AND (BINARY known <> BINARY p_name OR known_database <> p_database_id OR gone IS NOT NULL) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF known IS NULL THEN
    CALL sculptor_door.require_free_account(p_name, p_database_id);
  END IF;
  -- Another password, or the right to write, lets in somebody who was not let in before. What is so already does not.
  SET lets_in = NOT EXISTS (SELECT 1 FROM mysql.global_priv p WHERE p.user = p_name AND p.host = 'localhost'
      AND JSON_VALUE(p.priv, '$.authentication_string') = p_hash)
    OR NOT EXISTS (SELECT 1 FROM mysql.db g WHERE g.user = p_name AND g.host = 'localhost'
      AND g.db = REPLACE(db, '_', '\\_') AND g.insert_priv = IF(p_privileges = 'all', 'Y', 'N'));
  IF lets_in THEN
    CALL sculptor_door.count_one('let_in_per_hour');
  END IF;
  IF known IS NULL THEN
    INSERT INTO sculptor_door.managed_user (id, database_id, name) VALUES (p_id, p_database_id, p_name);
  END IF;
  EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS `', p_name, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
  EXECUTE IMMEDIATE CONCAT('ALTER USER `', p_name, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
  CALL sculptor_door.give_rights(p_name, db, p_privileges);
  IF lets_in THEN
    CALL sculptor_door.end_sessions(p_name);
  END IF;
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
  SELECT u.name INTO known FROM sculptor_door.managed_user u
    JOIN sculptor_door.managed_database d ON d.id = u.database_id AND d.closed_at IS NULL
    WHERE u.id = p_id AND u.dropped_at IS NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM mysql.global_priv
    WHERE user = known AND host = 'localhost' AND JSON_VALUE(priv, '$.authentication_string') = p_hash) THEN
    CALL sculptor_door.count_one('let_in_per_hour');
    EXECUTE IMMEDIATE CONCAT('ALTER USER `', known, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
    CALL sculptor_door.end_sessions(known);
  END IF;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.drop_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_user WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL THEN
    IF EXISTS (SELECT 1 FROM mysql.global_priv WHERE user = known AND host = 'localhost') THEN
      CALL sculptor_door.count_one('destroy_per_hour');
      EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS `', known, '`@`localhost`');
      CALL sculptor_door.end_sessions(known);
    END IF;
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

-- From here on root's alone, for the executor: what it removes it dumps first, and it knows by a record of its own what
-- is protected and how much was removed in the hour.

-- Nobody works in it any more, and nobody comes in.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.close_database(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  UPDATE sculptor_door.managed_database SET closed_at = COALESCE(closed_at, UTC_TIMESTAMP(3))
    WHERE id = p_id AND dropped_at IS NULL;
  FOR account IN (SELECT u.name FROM sculptor_door.managed_user u
    JOIN mysql.global_priv p ON p.user = u.name AND p.host = 'localhost'
    WHERE u.database_id = p_id AND u.dropped_at IS NULL) DO
    EXECUTE IMMEDIATE CONCAT('ALTER USER `', account.name, '`@`localhost` ACCOUNT LOCK');
    CALL sculptor_door.end_sessions(account.name);
  END FOR;
END //

-- The accounts of one purpose that `lend` makes, should what they were made for have broken off.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.drop_lent(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  FOR purpose IN (SELECT 'dump' AS name UNION SELECT 'routines' UNION SELECT 'restore') DO
    EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS `sculptor-', purpose.name, '-', p_id, '`@`localhost`');
    CALL sculptor_door.end_sessions(CONCAT('sculptor-', purpose.name, '-', p_id));
  END FOR;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.open_database(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.drop_lent(p_id);
  FOR account IN (SELECT u.name FROM sculptor_door.managed_user u
    JOIN mysql.global_priv p ON p.user = u.name AND p.host = 'localhost'
    WHERE u.database_id = p_id AND u.dropped_at IS NULL) DO
    EXECUTE IMMEDIATE CONCAT('ALTER USER `', account.name, '`@`localhost` ACCOUNT UNLOCK');
  END FOR;
  UPDATE sculptor_door.managed_database SET closed_at = NULL WHERE id = p_id;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.remove_database(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL THEN
    CALL sculptor_door.drop_lent(p_id);
    FOR account IN (SELECT name FROM sculptor_door.managed_user WHERE database_id = p_id AND dropped_at IS NULL) DO
      EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS `', account.name, '`@`localhost`');
      CALL sculptor_door.end_sessions(account.name);
    END FOR;
    EXECUTE IMMEDIATE CONCAT('DROP DATABASE IF EXISTS `', known, '`');
    IF EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = known) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'mismatch';
    END IF;
    UPDATE sculptor_door.managed_user SET dropped_at = UTC_TIMESTAMP(3) WHERE database_id = p_id AND dropped_at IS NULL;
    UPDATE sculptor_door.managed_database SET dropped_at = UTC_TIMESTAMP(3), closed_at = NULL WHERE id = p_id;
  END IF;
END //

-- Under its old id, empty, and closed until all of it is back.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.restore_database(
  IN p_id CHAR(12), IN p_charset VARCHAR(64) CHARACTER SET utf8mb4, IN p_collation VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NOT NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  IF NOT (BINARY p_charset REGEXP '\\A[a-z0-9_]+\\z') OR NOT (BINARY p_collation REGEXP '\\A[a-z0-9_]+\\z') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.require_free_database(known);
  UPDATE sculptor_door.managed_database SET dropped_at = NULL, closed_at = UTC_TIMESTAMP(3) WHERE id = p_id;
  EXECUTE IMMEDIATE CONCAT('CREATE DATABASE `', known, '` CHARACTER SET ', p_charset, ' COLLATE ', p_collation);
END //

-- Under its old id, locked until its database is opened.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.restore_user(
  IN p_id CHAR(12), IN p_privileges VARCHAR(10) CHARACTER SET utf8mb4, IN p_hash VARCHAR(41) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  DECLARE db VARCHAR(48) DEFAULT NULL;
  DECLARE db_id CHAR(12) DEFAULT NULL;
  SELECT u.name, d.name, d.id INTO known, db, db_id FROM sculptor_door.managed_user u
    JOIN sculptor_door.managed_database d ON d.id = u.database_id AND d.dropped_at IS NULL AND d.closed_at IS NOT NULL
    WHERE u.id = p_id AND u.dropped_at IS NOT NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  IF BINARY p_privileges NOT IN ('all', 'read') OR NOT (BINARY p_hash REGEXP '\\A\\*[0-9A-F]{40}\\z') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.require_free_account(known, db_id);
  UPDATE sculptor_door.managed_user SET dropped_at = NULL WHERE id = p_id;
  EXECUTE IMMEDIATE CONCAT('CREATE USER `', known, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, ''' ACCOUNT LOCK');
  CALL sculptor_door.give_rights(known, db, p_privileges);
END //

-- Lets in, for as long as a dump is made or played back, one account of a closed database with a password of that hour,
-- or an account of this purpose, whose name no tenant's can be. MariaDB works out parts of a view when it only shows it,
-- and runs the tenant's functions for that with the rights of who asks. So who dumps tables and views has the tenant's
-- rights and no more, and who reads the source of routines, which takes a right over those of all, sees no view.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.lend(
  IN p_id CHAR(12), IN p_account VARCHAR(32) CHARACTER SET utf8mb4, IN p_hash VARCHAR(41) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE db VARCHAR(48) DEFAULT NULL;
  SELECT name INTO db FROM sculptor_door.managed_database
    WHERE id = p_id AND dropped_at IS NULL AND closed_at IS NOT NULL;
  IF db IS NULL OR NOT (BINARY p_hash REGEXP '\\A\\*[0-9A-F]{40}\\z') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF p_account IN (CONCAT('sculptor-restore-', p_id), CONCAT('sculptor-dump-', p_id)) THEN
    EXECUTE IMMEDIATE CONCAT('CREATE OR REPLACE USER `', p_account, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
    CALL sculptor_door.give_rights(p_account, db, 'all');
  ELSEIF p_account = CONCAT('sculptor-routines-', p_id) THEN
    EXECUTE IMMEDIATE CONCAT('CREATE OR REPLACE USER `', p_account, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash, '''');
    EXECUTE IMMEDIATE CONCAT('GRANT EXECUTE ON `', REPLACE(db, '_', '\\_'), '`.* TO `', p_account, '`@`localhost`');
    EXECUTE IMMEDIATE CONCAT('GRANT SELECT ON mysql.proc TO `', p_account, '`@`localhost`');
  ELSEIF EXISTS (SELECT 1 FROM sculptor_door.managed_user WHERE held = p_account AND database_id = p_id) THEN
    EXECUTE IMMEDIATE CONCAT('ALTER USER `', p_account, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash,
      ''' ACCOUNT UNLOCK');
  ELSE
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
END //

-- Ends what was lent: the account has its true password again and is locked; the one of this purpose is dropped.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.take_back(
  IN p_id CHAR(12), IN p_account VARCHAR(32) CHARACTER SET utf8mb4, IN p_hash VARCHAR(41) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  IF p_account IN (CONCAT('sculptor-restore-', p_id), CONCAT('sculptor-dump-', p_id), CONCAT('sculptor-routines-', p_id)) THEN
    EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS `', p_account, '`@`localhost`');
  ELSEIF BINARY p_hash REGEXP '\\A\\*[0-9A-F]{40}\\z'
    AND EXISTS (SELECT 1 FROM sculptor_door.managed_user WHERE held = p_account AND database_id = p_id) THEN
    EXECUTE IMMEDIATE CONCAT('ALTER USER `', p_account, '`@`localhost` IDENTIFIED BY PASSWORD ''', p_hash,
      ''' ACCOUNT LOCK');
  ELSE
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.end_sessions(p_account);
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.limit_connections()
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE most INT UNSIGNED;
  SELECT value INTO most FROM sculptor_door.setting WHERE name = 'connections_per_account';
  FOR account IN (SELECT u.name FROM sculptor_door.managed_user u
    JOIN mysql.global_priv p ON p.user = u.name AND p.host = 'localhost' WHERE u.dropped_at IS NULL) DO
    EXECUTE IMMEDIATE CONCAT('ALTER USER `', account.name, '`@`localhost` WITH MAX_USER_CONNECTIONS ', most);
  END FOR;
END //

-- For root to say how much may be let in and taken away in an hour, and how many connections an account may have.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.set_limit(
  IN p_name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin, IN p_value INT UNSIGNED)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  -- MariaDB takes no connections for no limit.
  IF p_value IS NULL OR NOT EXISTS (SELECT 1 FROM sculptor_door.setting WHERE name = p_name)
    OR (p_name = 'connections_per_account' AND p_value = 0) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  UPDATE sculptor_door.setting SET value = p_value WHERE name = p_name;
  IF p_name = 'connections_per_account' THEN
    CALL sculptor_door.limit_connections();
  END IF;
END //

DELIMITER ;

DROP PROCEDURE IF EXISTS sculptor_door.drop_database;

-- Accounts that an earlier version made have no limit yet.
CALL sculptor_door.limit_connections();

-- A procedure that is replaced loses what was granted on it, so it is granted here and not in accounts.sql.
GRANT EXECUTE ON PROCEDURE sculptor_door.put_database TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.discard_database TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.put_user TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.put_password TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.drop_user TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.read_user TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.read_database TO 'sculptor'@'localhost';
