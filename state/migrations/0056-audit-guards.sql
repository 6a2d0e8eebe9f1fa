-- Who may insert into the audit and its seals inserts no more than comes next: triggers, which have no rights but to refuse,
-- hold what a grant cannot say. See ADR 35.

DELIMITER //

-- What root and the executor did is copied by the worker, and the API's rows have a token's id, or `nobody`.
CREATE OR REPLACE TRIGGER audit_actor BEFORE INSERT ON audit FOR EACH ROW
BEGIN
  IF NEW.source = 'api' AND (NEW.actor COLLATE utf8mb4_bin REGEXP '[^a-z0-9]' OR CHAR_LENGTH(NEW.actor) > 12
    OR NEW.actor IN ('root', 'executor')) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the API writes down no deed of root';
  END IF;
  IF NEW.source <> 'worker' AND USER() LIKE 'sculptor@%' THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the worker writes in its own name';
  END IF;
END //

-- A seal is of a row that is there, has the number after the last, and is made of the one before it. Locked, so that nothing is
-- built upon what another transaction takes back.
CREATE OR REPLACE TRIGGER audit_seal_follows BEFORE INSERT ON audit_seal FOR EACH ROW
BEGIN
  DECLARE last, place BIGINT UNSIGNED DEFAULT 0;
  DECLARE before_it CHAR(64) DEFAULT REPEAT('0', 64);
  DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
  SELECT number, LOWER(HEX(hash)) INTO last, before_it FROM audit_seal ORDER BY number DESC LIMIT 1 LOCK IN SHARE MODE;
  SELECT seq INTO place FROM audit WHERE seq = NEW.seq LOCK IN SHARE MODE;
  IF NEW.number <> last + 1 OR NEW.seq <> place OR LOWER(HEX(NEW.hash)) <> SHA2(
    CONCAT('["', before_it, '",', NEW.number, ',', NEW.seq, ',"', LOWER(HEX(NEW.content)), '"]'), 256) THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a seal follows the one before it';
  END IF;
END //

DELIMITER ;
