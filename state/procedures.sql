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

-- How many connections others than the agent may have in all: the last are its own.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' FUNCTION sculptor_door.connections_for_others() RETURNS BIGINT
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  RETURN (SELECT @@max_connections - LEAST(value, @@max_connections DIV 2) FROM sculptor_door.setting
    WHERE name = 'connections_kept');
END //

-- Where these are used up, one account more would only be one more that finds none.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.require_free_connections()
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  IF (SELECT COUNT(*) FROM sculptor_door.server_session) > sculptor_door.connections_for_others() THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'server_full';
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

-- How many connections an account may have at once: as many as it asks for, or as any account may have, and of what its
-- tenant's plan allows to all its accounts together no more than leaves their own to the others. Those that ask for no
-- number share what the others leave. Where all that is asked for does not fit, because the plan became less, each has the
-- same part, and one at least. All that sets or compares the number asks this.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.connection_cap(
  IN p_id VARCHAR(12) CHARACTER SET utf8mb4, IN p_database_id VARCHAR(12) CHARACTER SET utf8mb4,
  IN p_asked INT UNSIGNED, OUT p_most INT UNSIGNED)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE planned, asked_for, sharing, others BIGINT DEFAULT NULL;
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  SELECT value INTO p_most FROM sculptor_door.setting WHERE name = 'connections_per_account';
  SELECT t.id, t.most_connections INTO owner, planned FROM sculptor_door.managed_database d
    JOIN sculptor_door.managed_tenant t ON t.id = d.tenant WHERE d.id = p_database_id;
  IF planned IS NOT NULL THEN
    SELECT COUNT(*), COALESCE(SUM(LEAST(u.max_connections, p_most)), 0), COUNT(*) - COUNT(u.max_connections)
      INTO others, asked_for, sharing FROM sculptor_door.managed_user u
      JOIN sculptor_door.managed_database d ON d.id = u.database_id
      WHERE d.tenant = owner AND u.dropped_at IS NULL AND u.id <> p_id;
    IF asked_for + sharing + LEAST(COALESCE(p_asked, 1), p_most) > planned THEN
      SET planned = planned DIV (others + 1);
    ELSEIF p_asked IS NULL THEN
      SET planned = (planned - asked_for) DIV (sharing + 1);
    END IF;
  END IF;
  SET p_most = GREATEST(1, LEAST(p_most, COALESCE(p_asked, p_most), COALESCE(planned, p_most)));
END //

-- Gives each account of a tenant, or of all, as many connections as it may have. Of two at once that divide them anew the
-- later finds what the other did, and looks once more.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.limit_connections(
  IN p_tenant VARCHAR(12) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE account VARCHAR(32);
  DECLARE user_id, of_database CHAR(12);
  DECLARE asked, had, most INT UNSIGNED;
  DECLARE rounds INT DEFAULT 10;
  DECLARE changed, ended BOOLEAN;
  REPEAT
    SET changed = FALSE, ended = FALSE, rounds = rounds - 1;
    BEGIN
      DECLARE accounts CURSOR FOR SELECT u.id, u.name, u.database_id, u.max_connections, s.connections
        FROM sculptor_door.managed_user u JOIN sculptor_door.server_account s ON s.name = u.name AND s.host = 'localhost'
        JOIN sculptor_door.managed_database d ON d.id = u.database_id
        WHERE u.dropped_at IS NULL AND u.squeezed_at IS NULL AND (p_tenant IS NULL OR d.tenant = p_tenant);
      OPEN accounts;
      REPEAT
        BEGIN
          DECLARE CONTINUE HANDLER FOR NOT FOUND SET ended = TRUE;
          FETCH accounts INTO user_id, account, of_database, asked, had;
        END;
        IF NOT ended THEN
          CALL sculptor_door.connection_cap(user_id, of_database, asked, most);
          IF COALESCE(had, 0) <> most THEN
            SET changed = TRUE;
            CALL sculptor_door.run(CONCAT('ALTER USER IF EXISTS `', account, '`@`localhost` WITH MAX_USER_CONNECTIONS ', most));
          END IF;
        END IF;
      UNTIL ended END REPEAT;
      CLOSE accounts;
    END;
  UNTIL NOT changed OR rounds = 0 END REPEAT;
END //

-- The same where there is something to divide: a plan that says how many.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.divide_connections(
  IN p_tenant VARCHAR(12) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  IF EXISTS (SELECT 1 FROM sculptor_door.managed_tenant WHERE id = p_tenant AND most_connections IS NOT NULL) THEN
    CALL sculptor_door.limit_connections(p_tenant);
  END IF;
END //

-- Refuses an account, or more connections for one, where all of the tenant's would have more together than its plan allows:
-- each counts as many as it asks for, and one where it asks for no number. Called in a transaction, and locks like require_room.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.require_connections(
  IN p_tenant VARCHAR(12) CHARACTER SET utf8mb4, IN p_id VARCHAR(12) CHARACTER SET utf8mb4, IN p_asked INT UNSIGNED)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE most, others, had BIGINT DEFAULT NULL;
  SELECT most_connections INTO most FROM sculptor_door.managed_tenant WHERE id = p_tenant FOR UPDATE;
  IF most IS NOT NULL THEN
    SELECT COALESCE(SUM(IF(u.id = p_id, 0, COALESCE(u.max_connections, 1))), 0),
        COALESCE(SUM(IF(u.id = p_id, COALESCE(u.max_connections, 1), 0)), 0) INTO others, had
      FROM sculptor_door.managed_user u JOIN sculptor_door.managed_database d ON d.id = u.database_id
      WHERE d.tenant = p_tenant AND u.dropped_at IS NULL FOR UPDATE;
    IF others + COALESCE(p_asked, 1) > most AND COALESCE(p_asked, 1) > had THEN
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'plan_limit';
    END IF;
  END IF;
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
    CALL sculptor_door.require_free_connections();
  END IF;
  CALL sculptor_door.connection_cap(p_id, p_database_id, p_connections, most);
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
  START TRANSACTION;
  IF known IS NULL THEN
    CALL sculptor_door.require_room(owner, 'users');
  END IF;
  CALL sculptor_door.require_connections(owner, p_id, p_connections);
  INSERT INTO sculptor_door.managed_user (id, database_id, name, max_connections)
    VALUES (p_id, p_database_id, p_name, p_connections)
    ON DUPLICATE KEY UPDATE max_connections = p_connections, squeezed_at = NULL;
  COMMIT;
  CALL sculptor_door.run(CONCAT('CREATE USER IF NOT EXISTS `', p_name, '`@`localhost` ',
    sculptor_door.known_by(p_hash), ' ACCOUNT LOCK'));
  CALL sculptor_door.run(CONCAT('ALTER USER `', p_name, '`@`localhost` ', sculptor_door.known_by(p_hash)));
  CALL sculptor_door.give_rights(p_name, db, p_privileges, most);
  CALL sculptor_door.divide_connections(owner);
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
  DECLARE owner VARCHAR(12) DEFAULT NULL;
  SELECT u.name, d.tenant INTO known, owner FROM sculptor_door.managed_user u
    JOIN sculptor_door.managed_database d ON d.id = u.database_id WHERE u.id = p_id AND u.dropped_at IS NULL;
  IF known IS NOT NULL THEN
    IF EXISTS (SELECT 1 FROM sculptor_door.server_account WHERE name = known AND host = 'localhost') THEN
      CALL sculptor_door.count_one('destroy_per_hour');
      CALL sculptor_door.run(CONCAT('DROP USER IF EXISTS `', known, '`@`localhost`'));
      CALL sculptor_door.end_sessions(known);
    END IF;
    UPDATE sculptor_door.managed_user SET dropped_at = UTC_TIMESTAMP(3) WHERE id = p_id;
    CALL sculptor_door.divide_connections(owner);
  END IF;
END //

-- What the server holds of one account: how many connections it is to have, and how many it asks for, how it logs in, as SHOW CREATE USER
-- prints it, and a row a grant, as SHOW GRANTS does; none when there is no account.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.read_user(
  IN p_id VARCHAR(255) CHARACTER SET utf8mb4)
  READS SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE known VARCHAR(32) DEFAULT NULL;
  DECLARE known_database CHAR(12) DEFAULT NULL;
  DECLARE asked, most INT UNSIGNED DEFAULT NULL;
  SELECT name, database_id, max_connections INTO known, known_database, asked FROM sculptor_door.managed_user
    WHERE id = p_id AND dropped_at IS NULL;
  IF known IS NOT NULL AND EXISTS (SELECT 1 FROM sculptor_door.server_account WHERE name = known AND host = 'localhost') THEN
    CALL sculptor_door.connection_cap(p_id, known_database, asked, most);
    SELECT CONVERT(CONCAT_WS(' ', most, asked) USING utf8mb4) AS connections;
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

-- A transaction of the API's that is still open after seconds holds rows that the worker waits for: who has the API could
-- hold them for ever, with rights no greater than to read. One that waits for such a row itself has somewhat longer. A
-- session can set its clock and its zone, so both are ours here. Called where the state is.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_old_transactions()
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE zone VARCHAR(64) DEFAULT @@SESSION.time_zone;
  DECLARE old BIGINT UNSIGNED DEFAULT 0;
  SET SESSION time_zone = 'SYSTEM';
  REPEAT
    SELECT MIN(p.id) INTO old FROM information_schema.innodb_trx t
      JOIN sculptor_door.server_session p ON p.id = t.trx_mysql_thread_id
      WHERE p.name = 'www-data' AND p.id > old
        AND ABS(TIMESTAMPDIFF(SECOND, t.trx_started, SYSDATE())) >= IF(t.trx_state = 'LOCK WAIT', 9, 5);
    CALL sculptor_door.end_session(old);
  UNTIL old IS NULL END REPEAT;
  SET SESSION time_zone = zone;
END //

-- The audit is kept for 400 days, and where it has more than five million rows for 30: a flood of requests fills no disk, and
-- hides nothing sooner. The worker says when, and not what: rows go in the order of their seals, without a gap, and
-- only what is sealed. The seal of the last that goes stays, for the next was made of it. Some at a time, so that nobody waits.
-- Called where the state is.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.forget_audit()
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE zone VARCHAR(64) DEFAULT @@SESSION.time_zone;
  DECLARE rounds INT DEFAULT 0;
  DECLARE lowest, highest, upto, place BIGINT UNSIGNED DEFAULT NULL;
  DECLARE today, written DATETIME(3) DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET SESSION time_zone = zone; RESIGNAL; END;
  SET SESSION time_zone = '+00:00';
  SET today = SYSDATE(3);
  REPEAT
    SET rounds = rounds + 1, upto = NULL, written = NULL;
    SELECT MIN(number), MAX(number) INTO lowest, highest FROM sculptor.audit_seal;
    SELECT s.number, s.seq, a.at INTO upto, place, written FROM sculptor.audit_seal s JOIN sculptor.audit a ON a.seq = s.seq
      WHERE s.number = lowest + 1000;
    IF written < today - INTERVAL 400 DAY
      OR (written < today - INTERVAL 30 DAY AND highest - lowest > 5000000) THEN
      START TRANSACTION;
      DELETE a FROM sculptor.audit a JOIN sculptor.audit_seal s ON s.seq = a.seq
        WHERE s.number BETWEEN lowest AND upto AND a.at <= today - INTERVAL 30 DAY;
      DELETE FROM sculptor.audit_seal WHERE number BETWEEN lowest AND upto - 1;
      COMMIT;
    ELSE
      SET upto = NULL;
    END IF;
  UNTIL upto IS NULL OR rounds = 50 END REPEAT;
  SET SESSION time_zone = zone;
END //

-- The last connections of the server are the agent's. Where tenants' accounts reach into them, each that has more than its
-- part of the rest has that part from now on, and what it has above that is ended; when there is room again, it may have
-- what it may have. Answers how many were ended.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.keep_connections()
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE here, room, theirs, accounts, part, sessions BIGINT DEFAULT 0;
  DECLARE ended INT DEFAULT 0;
  DECLARE account VARCHAR(32) DEFAULT '';
  DECLARE next_session BIGINT UNSIGNED;
  SELECT COUNT(*) INTO here FROM sculptor_door.server_session;
  SET room = sculptor_door.connections_for_others();
  IF here > room THEN
    SELECT COUNT(*), COUNT(DISTINCT u.name) INTO theirs, accounts FROM sculptor_door.server_session p
      JOIN sculptor_door.managed_user u ON u.held = p.name;
    SET part = GREATEST(1, (theirs - (here - room)) DIV GREATEST(accounts, 1));
    REPEAT
      SELECT MIN(u.name) INTO account FROM sculptor_door.managed_user u
        JOIN sculptor_door.server_session p ON p.name = u.held WHERE u.name > account;
      SELECT COUNT(*) INTO sessions FROM sculptor_door.server_session WHERE name = account;
      IF sessions > part THEN
        UPDATE sculptor_door.managed_user SET squeezed_at = UTC_TIMESTAMP() WHERE held = account;
        CALL sculptor_door.run(CONCAT('ALTER USER IF EXISTS `', account, '`@`localhost` WITH MAX_USER_CONNECTIONS ', part));
        SET next_session = 0;
        REPEAT
          SELECT MIN(id) INTO next_session FROM (
            SELECT id, ROW_NUMBER() OVER (ORDER BY command = 'Sleep', id) AS place FROM sculptor_door.server_session
              WHERE name = account) s WHERE place > part AND id > next_session;
          CALL sculptor_door.end_session(next_session);
          SET ended = ended + (next_session IS NOT NULL);
        UNTIL next_session IS NULL END REPEAT;
      END IF;
    UNTIL account IS NULL END REPEAT;
  ELSEIF here <= room DIV 2 AND EXISTS (SELECT 1 FROM sculptor_door.managed_user
    WHERE squeezed_at < UTC_TIMESTAMP() - INTERVAL 1 MINUTE) THEN
    UPDATE sculptor_door.managed_user SET squeezed_at = NULL;
    CALL sculptor_door.limit_connections(NULL);
  END IF;
  SELECT CAST(ended AS CHAR) AS ended;
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
GRANT EXECUTE ON PROCEDURE sculptor_door.end_old_transactions TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.forget_audit TO 'sculptor'@'localhost';
GRANT EXECUTE ON PROCEDURE sculptor_door.keep_connections TO 'sculptor'@'localhost';
