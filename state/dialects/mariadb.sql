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

-- Where nothing was measured for five minutes, and still is not two minutes later, who measures is not there and cannot say
-- so: an alarm is raised, and ended once it measures again. Whoever calls says when to look, and nothing of what is told: with
-- the API's account nobody can raise or end another one. A session can set its clock and its zone, so both are ours here.
-- Here and not in procedures.sql, because the state is on MariaDB alone.
CREATE OR REPLACE DEFINER = 'sculptor_door'@'localhost' PROCEDURE sculptor_door.note_silence(
  IN p_server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin)
  MODIFIES SQL DATA SQL SECURITY DEFINER
BEGIN
  DECLARE zone VARCHAR(64) DEFAULT @@SESSION.time_zone;
  DECLARE today, newest, began, raised DATETIME(3) DEFAULT NULL;
  DECLARE label VARCHAR(253) DEFAULT NULL;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; SET SESSION time_zone = zone; RESIGNAL; END;
  SET SESSION time_zone = '+00:00';
  SET today = SYSDATE(3);
  START TRANSACTION;
  SELECT name INTO label FROM sculptor.server WHERE id = p_server FOR UPDATE;
  SELECT MAX(at) INTO newest FROM sculptor.health_sample WHERE server = p_server AND at <= today + INTERVAL 1 MINUTE;
  SELECT MAX(since), MAX(raised_at) INTO began, raised FROM sculptor.alarm
    WHERE server = p_server AND kind = 'measuring' AND subject = 'server' FOR UPDATE;
  IF label IS NULL OR newest IS NULL OR newest >= today - INTERVAL 5 MINUTE THEN
    DELETE FROM sculptor.alarm WHERE server = p_server AND kind = 'measuring' AND subject = 'server';
    IF raised IS NOT NULL THEN
      INSERT INTO sculptor.notification (kind, resource_type, resource_id, resource_name, server, message, created_at)
        VALUES ('alarm_over', 'server', p_server, label, p_server, 'The server is measured again.', today);
    END IF;
  ELSEIF began IS NULL OR began > today THEN
    INSERT INTO sculptor.alarm (server, kind, subject, name, value, since, seen_at)
      VALUES (p_server, 'measuring', 'server', label, 0, today, today)
      ON DUPLICATE KEY UPDATE since = today;
  ELSEIF raised IS NULL AND began <= today - INTERVAL 2 MINUTE THEN
    UPDATE sculptor.alarm SET raised_at = today, seen_at = today, value = TIMESTAMPDIFF(MINUTE, newest, today)
      WHERE server = p_server AND kind = 'measuring' AND subject = 'server';
    INSERT INTO sculptor.notification (kind, resource_type, resource_id, resource_name, server, message, created_at)
      VALUES ('alarm', 'server', p_server, label, p_server,
        'Nothing was measured on this server for minutes: no other alarm can be raised. See that sculptor-worker-privileged and sculptor-executor run; sculptorctl health and sculptorctl doctor say more.', today);
  END IF;
  COMMIT;
  SET SESSION time_zone = zone;
END //

DELIMITER ;

GRANT EXECUTE ON PROCEDURE sculptor_door.note_silence TO 'www-data'@'localhost';

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
