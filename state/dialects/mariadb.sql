-- What the door says to a MariaDB in words that MySQL has not; mysql.sql says the same to a MySQL. Applied before the
-- procedures, which call these.

DELIMITER //

-- One statement, put together from words that a procedure has looked at.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.run(
  IN p_statement TEXT CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  EXECUTE IMMEDIATE p_statement;
END //

-- A session keeps the rights that it had in its database, whatever becomes of the account: they would hold for the
-- next tenant's database of the same name. So whoever loses rights, or came in with another password, is put out.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_sessions(
  IN p_account VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('KILL USER `', p_account, '`@`localhost`'));
END //

-- One session, or none; one that has ended meanwhile is no fault.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.end_session(IN p_session BIGINT UNSIGNED)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
  IF p_session IS NOT NULL THEN
    CALL sculptor_door.run(CONCAT('KILL CONNECTION ', p_session));
  END IF;
END //

-- Of a database that is there.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.set_character_set(
  IN p_name VARCHAR(48) CHARACTER SET utf8mb4, IN p_charset VARCHAR(64) CHARACTER SET utf8mb4,
  IN p_collation VARCHAR(64) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('ALTER DATABASE `', p_name, '` CHARACTER SET ', p_charset, ' COLLATE ', p_collation));
END //

-- The right to read the source of every routine.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.show_routines_to(
  IN p_account VARCHAR(32) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('GRANT SELECT ON mysql.proc TO `', p_account, '`@`localhost`'));
END //

-- For who is asked to show a view: a function of the tenant's that MariaDB runs for that may never end.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.bound_statements(
  IN p_account VARCHAR(32) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  CALL sculptor_door.run(CONCAT('ALTER USER `', p_account, '`@`localhost` WITH MAX_STATEMENT_TIME 2'));
END //

-- mysql_native_password's: SHA-1 of the SHA-1 of the password.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' FUNCTION sculptor_door.is_hash(
  p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  RETURNS BOOLEAN DETERMINISTIC NO SQL SQL SECURITY DEFINER
BEGIN
  -- No pattern: what a session set for these would be an error in a function instead of a warning.
  RETURN COALESCE(BINARY p_hash = BINARY CONCAT('*', HEX(UNHEX(SUBSTRING(p_hash, 2)))) AND LENGTH(p_hash) = 41, FALSE);
END //

-- How an account of this hash logs in. Of a hash that was looked at.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' FUNCTION sculptor_door.known_by(
  p_hash VARCHAR(255) CHARACTER SET utf8mb4)
  RETURNS VARCHAR(400) CHARACTER SET utf8mb4 DETERMINISTIC NO SQL SQL SECURITY DEFINER
BEGIN
  RETURN CONCAT('IDENTIFIED BY PASSWORD ''', p_hash, '''');
END //

DELIMITER ;

-- With the rights of who asks: who reads the register may not read these.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_account AS
  SELECT user AS name, host, JSON_VALUE(priv, '$.authentication_string') AS hash,
    COALESCE(JSON_VALUE(priv, '$.plugin'), '') = 'mysql_native_password' AS by_hash,
    COALESCE(JSON_VALUE(priv, '$.account_locked'), '0') IN ('1', 'true') AS locked,
    CAST(COALESCE(JSON_VALUE(priv, '$.max_user_connections'), 0) AS UNSIGNED) AS connections
  FROM mysql.global_priv;
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_routine AS
  SELECT db, name FROM mysql.proc;
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_event AS
  SELECT db, name, comment, body FROM mysql.event;
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' SQL SECURITY INVOKER VIEW sculptor_door.server_session AS
  SELECT id, user AS name, command FROM information_schema.processlist;
