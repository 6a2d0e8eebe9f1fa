-- The door's procedures that are root's alone, for the executor: what it removes it dumps first, and it knows by a record of
-- its own what is protected and how much was removed in the hour. Put in place anew at every installation, after
-- procedures.sql, of which these call some. Nothing here is granted to anybody.

DELIMITER //

-- An account that is there for a while, made anew should it be left from before.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.make_lent(
  IN p_account VARCHAR(32) CHARACTER SET utf8mb4, IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('DROP USER IF EXISTS `', p_account, '`@`localhost`'));
  CALL sculptor_door.run(CONCAT('CREATE USER `', p_account, '`@`localhost` ', sculptor_door.known_by(p_hash)));
END //

-- For root's terminal: an account that is there for one shell and sees one database, whatever its tenant wrote there. It
-- makes tables, and nothing that is defined by who made it: that would be without a definer when the account is gone.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.open_shell(
  IN p_id CHAR(12), IN p_account VARCHAR(32) CHARACTER SET utf8mb4, IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE db VARCHAR(48) DEFAULT NULL;
  SELECT name INTO db FROM sculptor_door.managed_database
    WHERE id = p_id AND dropped_at IS NULL AND closed_at IS NULL;
  IF db IS NULL OR NOT sculptor_door.is_hash(p_hash)
    OR NOT (p_account COLLATE utf8mb4_bin REGEXP CONCAT('\\Asculptor-shell-', p_id, '-[0-9a-f]{4}\\z')) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.make_lent(p_account, p_hash);
  CALL sculptor_door.run(CONCAT('ALTER USER `', p_account, '`@`localhost` WITH MAX_USER_CONNECTIONS 1'));
  CALL sculptor_door.run(CONCAT('GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, SHOW VIEW ON `',
    REPLACE(db, '_', '\\_'), '`.* TO `', p_account, '`@`localhost`'));
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.close_shell(
  IN p_account VARCHAR(32) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  IF NOT (p_account COLLATE utf8mb4_bin REGEXP '\\Asculptor-shell-[a-z0-9]{12}-[0-9a-f]{4}\\z') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.run(CONCAT('DROP USER IF EXISTS `', p_account, '`@`localhost`'));
  CALL sculptor_door.end_sessions(p_account);
END //

-- All of one database, also those whose terminal died.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_shells(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE account VARCHAR(32) DEFAULT '';
  REPEAT
    SELECT MIN(name) INTO account FROM sculptor_door.server_account
      WHERE host = 'localhost' AND name LIKE CONCAT('sculptor-shell-', p_id, '-%') AND name > account;
    IF account IS NOT NULL THEN
      CALL sculptor_door.close_shell(account);
    END IF;
  UNTIL account IS NULL END REPEAT;
END //

-- The account of a database whose name comes next; null after the last.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.next_account(
  IN p_database_id CHAR(12), INOUT p_account VARCHAR(32) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  SELECT MIN(name) INTO p_account FROM sculptor_door.managed_user
    WHERE database_id = p_database_id AND dropped_at IS NULL AND name > p_account;
END //

-- Each of its accounts is locked, or let in, as it says.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.settle_locks(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE account VARCHAR(32) DEFAULT '';
  CALL sculptor_door.next_account(p_id, account);
  WHILE account IS NOT NULL DO
    CALL sculptor_door.settle_lock(account, p_id);
    CALL sculptor_door.next_account(p_id, account);
  END WHILE;
END //

-- Nobody works in it any more, and nobody comes in.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.close_database(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE account VARCHAR(32) DEFAULT '';
  UPDATE sculptor_door.managed_database SET closed_at = COALESCE(closed_at, UTC_TIMESTAMP(3))
    WHERE id = p_id AND dropped_at IS NULL;
  CALL sculptor_door.next_account(p_id, account);
  WHILE account IS NOT NULL DO
    CALL sculptor_door.run(CONCAT('ALTER USER IF EXISTS `', account, '`@`localhost` ACCOUNT LOCK'));
    CALL sculptor_door.end_sessions(account);
    CALL sculptor_door.next_account(p_id, account);
  END WHILE;
  CALL sculptor_door.end_shells(p_id);
END //

-- The accounts of one purpose that `lend` makes, should what they were made for have broken off.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.drop_lent(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.take_back(p_id, CONCAT('sculptor-dump-', p_id), NULL);
  CALL sculptor_door.take_back(p_id, CONCAT('sculptor-routines-', p_id), NULL);
  CALL sculptor_door.take_back(p_id, CONCAT('sculptor-views-', p_id), NULL);
  CALL sculptor_door.take_back(p_id, CONCAT('sculptor-restore-', p_id), NULL);
  CALL sculptor_door.end_shells(p_id);
END //

-- One that is locked besides stays so.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.open_database(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.drop_lent(p_id);
  CALL sculptor_door.settle_locks(p_id);
  UPDATE sculptor_door.managed_database SET closed_at = NULL WHERE id = p_id;
END //

-- Its accounts are locked and put out until they are unlocked, those that are made meanwhile too; so is one that lies in
-- the trash, when it comes back.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.lock_accounts(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  UPDATE sculptor_door.managed_database SET locked_at = COALESCE(locked_at, UTC_TIMESTAMP(3)) WHERE id = p_id;
  CALL sculptor_door.settle_locks(p_id);
END //

-- One that is closed opens its accounts when it is opened.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.unlock_accounts(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  UPDATE sculptor_door.managed_database SET locked_at = NULL WHERE id = p_id;
  IF EXISTS (SELECT 1 FROM sculptor_door.managed_database WHERE id = p_id AND closed_at IS NULL) THEN
    CALL sculptor_door.settle_locks(p_id);
  END IF;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.remove_database(IN p_id CHAR(12))
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE account VARCHAR(32) DEFAULT '';
  DECLARE known VARCHAR(48) DEFAULT NULL;
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  -- Of a table that somebody holds it is said that it is held, and soon: a day is what MariaDB would wait.
  DECLARE EXIT HANDLER FOR 1205, 1213 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'database_unavailable';
  SET SESSION lock_wait_timeout = 10, innodb_lock_wait_timeout = 10;
  SELECT name, tenant INTO known, owner FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL THEN
    CALL sculptor_door.drop_lent(p_id);
    CALL sculptor_door.next_account(p_id, account);
    WHILE account IS NOT NULL DO
      CALL sculptor_door.run(CONCAT('DROP USER IF EXISTS `', account, '`@`localhost`'));
      CALL sculptor_door.end_sessions(account);
      CALL sculptor_door.next_account(p_id, account);
    END WHILE;
    CALL sculptor_door.run(CONCAT('DROP DATABASE IF EXISTS `', known, '`'));
    IF EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = known) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'mismatch';
    END IF;
    UPDATE sculptor_door.managed_user SET dropped_at = UTC_TIMESTAMP(3) WHERE database_id = p_id AND dropped_at IS NULL;
    UPDATE sculptor_door.managed_database SET dropped_at = UTC_TIMESTAMP(3), closed_at = NULL WHERE id = p_id;
    CALL sculptor_door.divide_connections(owner);
  END IF;
END //

-- Under its old id, empty, and closed until all of it is back.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.restore_database(
  IN p_id CHAR(12), IN p_charset VARCHAR(64) CHARACTER SET utf8mb4, IN p_collation VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  SELECT name, tenant INTO known, owner FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NOT NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  IF NOT (p_charset COLLATE utf8mb4_bin REGEXP '\\A[a-z0-9_]+\\z') OR NOT (p_collation COLLATE utf8mb4_bin REGEXP '\\A[a-z0-9_]+\\z') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.require_free_database(known);
  START TRANSACTION;
  CALL sculptor_door.require_room(owner, 'databases');
  UPDATE sculptor_door.managed_database SET dropped_at = NULL, closed_at = UTC_TIMESTAMP(3),
    locked_at = CASE (SELECT t.suspended FROM sculptor_door.managed_tenant t WHERE t.id = owner)
      WHEN TRUE THEN COALESCE(locked_at, UTC_TIMESTAMP(3)) WHEN FALSE THEN NULL ELSE locked_at END WHERE id = p_id;
  COMMIT;
  CALL sculptor_door.run(CONCAT('CREATE DATABASE `', known, '` CHARACTER SET ', p_charset, ' COLLATE ', p_collation));
END //

-- Under its old id, locked until its database is opened.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.restore_user(
  IN p_id CHAR(12), IN p_privileges VARCHAR(10) CHARACTER SET utf8mb4, IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  DECLARE db VARCHAR(48) DEFAULT NULL;
  DECLARE db_id CHAR(12) DEFAULT NULL;
  DECLARE asked, most INT UNSIGNED DEFAULT NULL;
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  SELECT u.name, d.name, d.id, d.tenant, u.max_connections INTO known, db, db_id, owner, asked FROM sculptor_door.managed_user u
    JOIN sculptor_door.managed_database d ON d.id = u.database_id AND d.dropped_at IS NULL AND d.closed_at IS NOT NULL
    WHERE u.id = p_id AND u.dropped_at IS NOT NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  IF BINARY p_privileges NOT IN ('all', 'read') OR NOT sculptor_door.is_hash(p_hash) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.require_free_account(known, db_id);
  START TRANSACTION;
  CALL sculptor_door.require_room(owner, 'users');
  CALL sculptor_door.require_connections(owner, p_id, asked);
  UPDATE sculptor_door.managed_user SET dropped_at = NULL WHERE id = p_id;
  COMMIT;
  CALL sculptor_door.run(CONCAT('CREATE USER `', known, '`@`localhost` ',
    sculptor_door.known_by(p_hash), ' ACCOUNT LOCK'));
  CALL sculptor_door.connection_cap(p_id, db_id, asked, most);
  CALL sculptor_door.give_rights(known, db, p_privileges, most);
  CALL sculptor_door.divide_connections(owner);
END //

-- Lets in, for as long as a dump is made or played back, one account of a closed database with a password of that hour,
-- or an account of this purpose, whose name no tenant's can be. MariaDB works out parts of a view when it only shows it,
-- and runs the tenant's functions for that with the rights of who asks. So who dumps tables and views has the tenant's
-- rights and no more, and who reads the source of routines, which takes a right over those of all, sees no view.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.lend(
  IN p_id CHAR(12), IN p_account VARCHAR(32) CHARACTER SET utf8mb4, IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE db VARCHAR(48) DEFAULT NULL;
  SELECT name INTO db FROM sculptor_door.managed_database
    WHERE id = p_id AND dropped_at IS NULL AND closed_at IS NOT NULL;
  IF db IS NULL OR NOT sculptor_door.is_hash(p_hash) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF p_account IN (CONCAT('sculptor-restore-', p_id), CONCAT('sculptor-dump-', p_id)) THEN
    CALL sculptor_door.make_lent(p_account, p_hash);
    CALL sculptor_door.give_rights(p_account, db, 'all', 1);
  ELSEIF p_account = CONCAT('sculptor-views-', p_id) THEN
    CALL sculptor_door.make_lent(p_account, p_hash);
    CALL sculptor_door.bound_statements(p_account);
    CALL sculptor_door.give_rights(p_account, db, 'all', 1);
  ELSEIF p_account = CONCAT('sculptor-routines-', p_id) THEN
    CALL sculptor_door.make_lent(p_account, p_hash);
    CALL sculptor_door.run(CONCAT('GRANT EXECUTE ON `', REPLACE(db, '_', '\\_'), '`.* TO `', p_account, '`@`localhost`'));
    CALL sculptor_door.show_routines_to(p_account);
  ELSEIF EXISTS (SELECT 1 FROM sculptor_door.managed_user WHERE held = p_account AND database_id = p_id) THEN
    CALL sculptor_door.run(CONCAT('ALTER USER `', p_account, '`@`localhost` ', sculptor_door.known_by(p_hash), ' ACCOUNT UNLOCK'));
  ELSE
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
END //

-- Ends what was lent: the account has its true password again and is locked; the one of this purpose is dropped.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.take_back(
  IN p_id CHAR(12), IN p_account VARCHAR(32) CHARACTER SET utf8mb4, IN p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  IF p_account IN (CONCAT('sculptor-restore-', p_id), CONCAT('sculptor-dump-', p_id), CONCAT('sculptor-routines-', p_id),
    CONCAT('sculptor-views-', p_id)) THEN
    CALL sculptor_door.run(CONCAT('DROP USER IF EXISTS `', p_account, '`@`localhost`'));
  ELSEIF sculptor_door.is_hash(p_hash)
    AND EXISTS (SELECT 1 FROM sculptor_door.managed_user WHERE held = p_account AND database_id = p_id) THEN
    CALL sculptor_door.run(CONCAT('ALTER USER `', p_account, '`@`localhost` ', sculptor_door.known_by(p_hash), ' ACCOUNT LOCK'));
  ELSE
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.end_sessions(p_account);
END //

-- What a tenant may have, by root's record. An empty text is no limit.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_tenant(
  IN p_id VARCHAR(12) CHARACTER SET utf8mb4, IN p_databases VARCHAR(10) CHARACTER SET utf8mb4,
  IN p_users VARCHAR(10) CHARACTER SET utf8mb4, IN p_connections VARCHAR(10) CHARACTER SET utf8mb4,
  IN p_suspended VARCHAR(1) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  INSERT INTO sculptor_door.managed_tenant (id, most_databases, most_users, most_connections, suspended)
    VALUES (p_id, NULLIF(p_databases, ''), NULLIF(p_users, ''), NULLIF(p_connections, ''), p_suspended = '1')
    ON DUPLICATE KEY UPDATE most_databases = VALUES(most_databases), most_users = VALUES(most_users),
      most_connections = VALUES(most_connections), suspended = VALUES(suspended);
  CALL sculptor_door.limit_connections(p_id);
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.forget_tenant(
  IN p_id VARCHAR(12) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DELETE FROM sculptor_door.managed_tenant WHERE id = p_id;
END //

-- For root to say how much may be let in and taken away in an hour, and how many connections an account may have.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.set_limit(
  IN p_name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin, IN p_value INT UNSIGNED)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  -- The server takes no connections for no limit.
  IF p_value IS NULL OR NOT EXISTS (SELECT 1 FROM sculptor_door.setting WHERE name = p_name)
    OR (p_name = 'connections_per_account' AND p_value = 0) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  UPDATE sculptor_door.setting SET value = p_value WHERE name = p_name;
  IF p_name = 'connections_per_account' THEN
    CALL sculptor_door.limit_connections(NULL);
  END IF;
END //

DELIMITER ;

DROP PROCEDURE IF EXISTS sculptor_door.drop_database;

-- Accounts that an earlier version made have no limit yet.
CALL sculptor_door.limit_connections(NULL);
