-- What the door says to a MySQL in words that MariaDB has not; mariadb.sql says the same to a MariaDB. Applied before the
-- procedures, which call these.

DELIMITER //

-- One statement, put together from words that a procedure has looked at. MySQL prepares it from a variable of the caller's
-- session, which is emptied again.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.run(
  IN p_statement TEXT CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SET @sculptor_door_statement = NULL; RESIGNAL; END;
  SET @sculptor_door_statement = p_statement;
  PREPARE sculptor_door_statement FROM @sculptor_door_statement;
  SET @sculptor_door_statement = NULL;
  BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN DEALLOCATE PREPARE sculptor_door_statement; RESIGNAL; END;
    EXECUTE sculptor_door_statement;
  END;
  DEALLOCATE PREPARE sculptor_door_statement;
END //

-- A session keeps the rights that it had in its database, whatever becomes of the account: they would hold for the
-- next tenant's database of the same name. So whoever loses rights, or came in with another password, is put out. One that
-- has ended meanwhile is no fault.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_sessions(
  IN p_account VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE session_id BIGINT UNSIGNED DEFAULT 0;
  REPEAT
    SELECT MIN(id) INTO session_id FROM performance_schema.processlist
      WHERE user = p_account AND host = 'localhost' AND id > session_id;
    IF session_id IS NOT NULL THEN
      CALL sculptor_door.end_session(session_id);
    END IF;
  UNTIL session_id IS NULL END REPEAT;
END //

-- One session, or none; one that has ended meanwhile is no fault.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_session(IN p_session BIGINT UNSIGNED)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
  IF p_session IS NOT NULL THEN
    KILL p_session;
  END IF;
END //

-- MySQL prepares no ALTER DATABASE, and takes no variable for a name in one: the executor's database.collate does it.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.set_character_set(
  IN p_name VARCHAR(48) CHARACTER SET utf8mb4, IN p_charset VARCHAR(64) CHARACTER SET utf8mb4,
  IN p_collation VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
END //

-- The right to read the source of every routine.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.show_routines_to(
  IN p_account VARCHAR(32) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('GRANT SHOW_ROUTINE ON *.* TO `', p_account, '`@`localhost`'));
END //

-- MySQL bounds the statements of no account: what asks gives up by itself.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.bound_statements(
  IN p_account VARCHAR(32) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
END //

-- caching_sha2_password's, whose salt is of the letters of crypt: 5 000 rounds, 20 of salt, 43 of SHA-256.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' FUNCTION sculptor_door.is_hash(
  p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  RETURNS BOOLEAN DETERMINISTIC NO SQL SQL SECURITY DEFINER
BEGIN
  RETURN COALESCE(p_hash COLLATE utf8mb4_bin REGEXP '\\A\\$A\\$005\\$[./0-9A-Za-z]{63}\\z', FALSE);
END //

-- How an account of this hash logs in. Of a hash that was looked at.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' FUNCTION sculptor_door.known_by(
  p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  RETURNS VARCHAR(400) CHARACTER SET utf8mb4 DETERMINISTIC NO SQL SQL SECURITY DEFINER
BEGIN
  RETURN CONCAT('IDENTIFIED WITH caching_sha2_password AS ''', p_hash, '''');
END //

DELIMITER ;

-- With the rights of who asks: who reads the register may not read these.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_account AS
  SELECT user AS name, host, authentication_string AS hash, plugin = 'caching_sha2_password' AS by_hash,
    account_locked = 'Y' AS locked, max_user_connections AS connections
  FROM mysql.user;
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_routine AS
  SELECT routine_schema AS db, routine_name AS name FROM information_schema.routines;
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_event AS
  SELECT event_schema AS db, event_name AS name, event_comment AS comment, event_definition AS body
  FROM information_schema.events;
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_session AS
  SELECT id, user AS name, command FROM performance_schema.processlist;
