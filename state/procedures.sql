-- The door's procedures, put in place anew at every installation. See 0002-door.sql.
-- A refusal is SQLSTATE 45000 whose message is a failure code of contract/failures.ts.
-- \\A and \\z, never ^ and $: whoever calls has the session, and with default_regex_flags = 'MULTILINE' they match at
-- every line. What sculptor may call is granted by name at the end; the rest is root's, or called from here alone.
-- These words are MariaDB's and MySQL's. What the two say in different words stands in dialects/, which is applied
-- before: `run`, `end_sessions`, `set_character_set`, `is_hash`, `known_by` and the views of what a server has.

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
  IF EXISTS (SELECT 1 FROM sculptor_door.server_account WHERE name = p_name) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ours';
  END IF;
END //

-- Refuses where the tenant has as many databases, or accounts, as it may. Called in a transaction: the tenant's row is
-- locked until that ends, so that of two at once the second counts the first. Root says what a tenant may have, whoever
-- calls; `default` has no limits as long as nothing was said of it.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.require_room(
  IN p_tenant VARCHAR(12) CHARACTER SET utf8mb4, IN p_what VARCHAR(10) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(12) DEFAULT NULL;
  DECLARE most, there BIGINT DEFAULT NULL;
  SELECT id, IF(p_what = 'databases', most_databases, most_users) INTO known, most
    FROM sculptor_door.managed_tenant WHERE id = p_tenant FOR UPDATE;
  IF known IS NULL AND (p_tenant IS NULL OR p_tenant <> 'default') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_ready';
  END IF;
  IF most IS NOT NULL AND p_what = 'databases' THEN
    SELECT COUNT(*) INTO there FROM sculptor_door.managed_database
      WHERE tenant = p_tenant AND dropped_at IS NULL FOR UPDATE;
  ELSEIF most IS NOT NULL THEN
    SELECT COUNT(*) INTO there FROM sculptor_door.managed_user u
      JOIN sculptor_door.managed_database d ON d.id = u.database_id
      WHERE d.tenant = p_tenant AND u.dropped_at IS NULL FOR UPDATE;
  END IF;
  IF there >= most THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'plan_limit';
  END IF;
END //

-- Words that this server knows for a character set and an order of it. DO answers no rows.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.require_collation(
  IN p_charset VARCHAR(255) CHARACTER SET utf8mb4, IN p_collation VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR 1115, 1253, 1273 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'collation_missing';
  IF p_charset IS NULL OR p_collation IS NULL OR NOT (p_charset COLLATE utf8mb4_bin REGEXP '\\A[a-z0-9]{1,20}\\z')
    OR NOT (p_collation COLLATE utf8mb4_bin REGEXP '\\A[a-z0-9_]{1,64}\\z')
    OR p_collation NOT LIKE CONCAT(p_charset, '|_%') ESCAPE '|' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.run(CONCAT('DO CONVERT(''x'' USING ', p_charset, ') COLLATE ', p_collation));
END //

-- How many connections an account of this database may have at once, whatever was asked for it. A plan of the tenant
-- that allows less belongs here, and nowhere else: all that sets or compares the number asks this.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.connection_cap(
  IN p_database_id VARCHAR(12) CHARACTER SET utf8mb4, OUT p_most INT UNSIGNED)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE planned INT UNSIGNED DEFAULT NULL;
  SELECT value INTO p_most FROM sculptor_door.setting WHERE name = 'connections_per_account';
  SELECT t.most_connections INTO planned FROM sculptor_door.managed_database d
    JOIN sculptor_door.managed_tenant t ON t.id = d.tenant WHERE d.id = p_database_id;
  SET p_most = LEAST(p_most, COALESCE(planned, p_most));
END //

-- These rights on this one database and no others, and so many connections at once.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.give_rights(
  IN p_account VARCHAR(64) CHARACTER SET utf8mb4, IN p_database VARCHAR(48) CHARACTER SET utf8mb4,
  IN p_privileges VARCHAR(10) CHARACTER SET utf8mb4, IN p_connections INT UNSIGNED)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('ALTER USER `', p_account, '`@`localhost` WITH MAX_USER_CONNECTIONS ', p_connections));
  CALL sculptor_door.run(CONCAT('REVOKE ALL PRIVILEGES, GRANT OPTION FROM `', p_account, '`@`localhost`'));
  CALL sculptor_door.run(CONCAT('GRANT ',
    IF(p_privileges = 'read', 'SELECT, SHOW VIEW',
      'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER'),
    ' ON `', REPLACE(p_database, '_', '\\_'), '`.* TO `', p_account, '`@`localhost`'));
END //

-- Locks an account, or lets it in, as its database says. Whoever locks or unlocks a database writes that down first, so
-- it is read once more afterwards: of two at once the later decides.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.settle_lock(
  IN p_account VARCHAR(64) CHARACTER SET utf8mb4, IN p_database_id VARCHAR(12) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE is_locked, was_locked BOOLEAN;
  SELECT locked_at IS NOT NULL INTO is_locked FROM sculptor_door.managed_database WHERE id = p_database_id;
  REPEAT
    SET was_locked = is_locked;
    CALL sculptor_door.run(CONCAT('ALTER USER IF EXISTS `', p_account, '`@`localhost` ACCOUNT ', IF(is_locked, 'LOCK', 'UNLOCK')));
    IF is_locked THEN
      CALL sculptor_door.end_sessions(p_account);
    END IF;
    SELECT locked_at IS NOT NULL INTO is_locked FROM sculptor_door.managed_database WHERE id = p_database_id;
  UNTIL is_locked = was_locked END REPEAT;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4, IN p_name VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_charset VARCHAR(255) CHARACTER SET utf8mb4, IN p_collation VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_tenant VARCHAR(255) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  DECLARE gone, closed DATETIME(3) DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF p_id IS NULL OR p_name IS NULL OR p_tenant IS NULL
    OR NOT (p_tenant COLLATE utf8mb4_bin REGEXP '\\A(default|[a-z][a-z0-9]{11})\\z') OR NOT (p_id COLLATE utf8mb4_bin REGEXP '\\A[a-z][a-z0-9]{11}\\z')
    OR NOT (p_name COLLATE utf8mb4_bin REGEXP '\\A[a-z][a-z0-9_]{0,47}\\z')
    OR p_name IN ('mysql', 'sys', 'information_schema', 'performance_schema', 'sculptor', 'sculptor_door', 'test') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  CALL sculptor_door.require_collation(p_charset, p_collation);
  SELECT name, tenant, dropped_at, closed_at INTO known, owner, gone, closed
    FROM sculptor_door.managed_database WHERE id = p_id;
  IF known IS NOT NULL AND (BINARY known <> BINARY p_name OR BINARY owner <> BINARY p_tenant
    OR gone IS NOT NULL OR closed IS NOT NULL) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  IF known IS NULL THEN
    CALL sculptor_door.require_free_database(p_name);
    -- With the row that says whether its tenant is suspended locked: who changes that next finds this one there.
    START TRANSACTION;
    CALL sculptor_door.require_room(p_tenant, 'databases');
    INSERT INTO sculptor_door.managed_database (id, name, tenant, locked_at) VALUES (p_id, p_name, p_tenant,
      (SELECT IF(suspended, UTC_TIMESTAMP(3), NULL) FROM sculptor_door.managed_tenant WHERE id = p_tenant));
    COMMIT;
  END IF;
  IF NOT EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = p_name) THEN
    CALL sculptor_door.run(CONCAT('CREATE DATABASE `', p_name, '` CHARACTER SET ', p_charset, ' COLLATE ', p_collation));
  ELSEIF NOT EXISTS (SELECT 1 FROM information_schema.schemata
    WHERE schema_name = p_name AND default_collation_name = p_collation) THEN
    -- What is made from now on without a character set of its own; what is there already stays as it is.
    CALL sculptor_door.set_character_set(p_name, p_charset, p_collation);
  END IF;
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
      OR EXISTS (SELECT 1 FROM sculptor_door.server_routine WHERE db = known)
      OR EXISTS (SELECT 1 FROM sculptor_door.server_event WHERE db = known) THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
    END IF;
    CALL sculptor_door.run(CONCAT('DROP DATABASE IF EXISTS `', known, '`'));
    UPDATE sculptor_door.managed_database SET dropped_at = UTC_TIMESTAMP(3), closed_at = NULL WHERE id = p_id;
  END IF;
END //

CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.put_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4, IN p_database_id VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_name VARCHAR(255) CHARACTER SET utf8mb4, IN p_privileges VARCHAR(255) CHARACTER SET utf8mb4,
  IN p_hash VARCHAR(255) CHARACTER SET utf8mb4, IN p_connections INT UNSIGNED)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE db VARCHAR(48) DEFAULT NULL;
  DECLARE known VARCHAR(32) DEFAULT NULL;
  DECLARE known_database CHAR(12) DEFAULT NULL;
  DECLARE gone DATETIME(3) DEFAULT NULL;
  DECLARE most, had_connections INT UNSIGNED DEFAULT NULL;
  DECLARE had VARCHAR(10) DEFAULT NULL;
  DECLARE same_password, lets_in, takes_away BOOLEAN;
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF p_id IS NULL OR p_name IS NULL OR p_hash IS NULL OR p_privileges IS NULL
    OR NOT (p_id COLLATE utf8mb4_bin REGEXP '\\A[a-z][a-z0-9]{11}\\z')
    OR NOT (p_name COLLATE utf8mb4_bin REGEXP '\\A[a-z][a-z0-9_]{0,31}\\z')
    OR NOT sculptor_door.is_hash(p_hash)
    OR BINARY p_privileges NOT IN ('all', 'read') OR p_connections = 0
    OR p_name IN ('root', 'mysql', 'mariadb', 'sculptor', 'sculptor_door', 'public') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT name, tenant INTO db, owner FROM sculptor_door.managed_database
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
  CALL sculptor_door.connection_cap(p_database_id, most);
  SET most = LEAST(COALESCE(p_connections, most), most);
  SELECT connections INTO had_connections FROM sculptor_door.server_account WHERE name = p_name AND host = 'localhost';
  SELECT IF(g.insert_priv = 'Y', 'all', 'read') INTO had FROM mysql.db g
    WHERE g.user = p_name AND g.host = 'localhost' AND g.db = REPLACE(db, '_', '\\_');
  SET same_password = EXISTS (SELECT 1 FROM sculptor_door.server_account
    WHERE name = p_name AND host = 'localhost' AND hash = p_hash);
  -- Another password, or the right to write, lets in somebody who was not let in before; a site that may not write any
  -- more, or has fewer connections, is as good as switched off. What is so already is neither.
  SET lets_in = NOT same_password OR had IS NULL OR (had = 'read' AND p_privileges = 'all');
  SET takes_away = COALESCE(had = 'all' AND p_privileges = 'read', FALSE) OR COALESCE(had_connections > most, FALSE);
  IF lets_in THEN
    CALL sculptor_door.count_one('let_in_per_hour');
  END IF;
  IF takes_away THEN
    CALL sculptor_door.count_one('destroy_per_hour');
  END IF;
  IF known IS NULL THEN
    START TRANSACTION;
    CALL sculptor_door.require_room(owner, 'users');
    INSERT INTO sculptor_door.managed_user (id, database_id, name) VALUES (p_id, p_database_id, p_name);
    COMMIT;
  END IF;
  UPDATE sculptor_door.managed_user SET max_connections = p_connections WHERE id = p_id;
  CALL sculptor_door.run(CONCAT('CREATE USER IF NOT EXISTS `', p_name, '`@`localhost` ',
    sculptor_door.known_by(p_hash), ' ACCOUNT LOCK'));
  CALL sculptor_door.run(CONCAT('ALTER USER `', p_name, '`@`localhost` ', sculptor_door.known_by(p_hash)));
  CALL sculptor_door.give_rights(p_name, db, p_privileges, most);
  CALL sculptor_door.settle_lock(p_name, p_database_id);
  IF lets_in OR takes_away THEN
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
  IF p_id IS NULL OR NOT sculptor_door.is_hash(p_hash) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'invalid_request';
  END IF;
  SELECT u.name INTO known FROM sculptor_door.managed_user u
    JOIN sculptor_door.managed_database d ON d.id = u.database_id AND d.closed_at IS NULL
    WHERE u.id = p_id AND u.dropped_at IS NULL;
  IF known IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not_found';
  END IF;
  IF NOT EXISTS (SELECT 1 FROM sculptor_door.server_account
    WHERE name = known AND host = 'localhost' AND hash = p_hash) THEN
    CALL sculptor_door.count_one('let_in_per_hour');
    CALL sculptor_door.run(CONCAT('ALTER USER `', known, '`@`localhost` ', sculptor_door.known_by(p_hash)));
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
    IF EXISTS (SELECT 1 FROM sculptor_door.server_account WHERE name = known AND host = 'localhost') THEN
      CALL sculptor_door.count_one('destroy_per_hour');
      CALL sculptor_door.run(CONCAT('DROP USER IF EXISTS `', known, '`@`localhost`'));
      CALL sculptor_door.end_sessions(known);
    END IF;
    UPDATE sculptor_door.managed_user SET dropped_at = UTC_TIMESTAMP(3) WHERE id = p_id;
  END IF;
END //

-- What the server holds of one account: how many connections it may have at most, how it logs in, as SHOW CREATE USER
-- prints it, and a row a grant, as SHOW GRANTS does; none when there is no account.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.read_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  DECLARE known_database CHAR(12) DEFAULT NULL;
  DECLARE most INT UNSIGNED;
  SELECT name, database_id INTO known, known_database FROM sculptor_door.managed_user
    WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL AND EXISTS (SELECT 1 FROM sculptor_door.server_account WHERE name = known AND host = 'localhost') THEN
    CALL sculptor_door.connection_cap(known_database, most);
    SELECT CONVERT(most USING utf8mb4) AS cap;
    CALL sculptor_door.run(CONCAT('SHOW CREATE USER `', known, '`@`localhost`'));
    CALL sculptor_door.run(CONCAT('SHOW GRANTS FOR `', known, '`@`localhost`'));
  ELSE
    SELECT 'none' AS grants FROM DUAL WHERE FALSE;
  END IF;
END //

-- The schema of a registered database, where it is there, and what is made in it without a character set of its own has.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.read_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  SELECT d.name, s.default_character_set_name AS charset, s.default_collation_name AS collation
    FROM sculptor_door.managed_database d JOIN information_schema.schemata s ON s.schema_name = d.name
    WHERE d.id = p_id AND d.dropped_at IS NULL;
END //

-- How much the tables of a registered database are and their indexes, in octets, as InnoDB notes it of each. To ask
-- information_schema.tables would open the tenant's views, and run with our rights what functions stand in them.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.measure_database(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(48) DEFAULT NULL;
  SELECT name INTO known FROM sculptor_door.managed_database WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NULL THEN
    SELECT 'none' AS octets FROM DUAL WHERE FALSE;
  ELSE
    SELECT CAST(COALESCE(SUM(clustered_index_size), 0) * @@innodb_page_size AS CHAR) AS data,
      CAST(COALESCE(SUM(sum_of_other_index_sizes), 0) * @@innodb_page_size AS CHAR) AS indexes
      FROM mysql.innodb_table_stats WHERE database_name = known;
  END IF;
END //

DELIMITER ;

-- A procedure that is replaced loses what was granted on it, so it is granted here and not in accounts.sql.
GRANT EXECUTE ON PROCEDURE sculptor_door.put_database TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.discard_database TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.put_user TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.put_password TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.drop_user TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.read_user TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.read_database TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.measure_database TO 'sculptor'@'localhost';
