-- What the API's account has the mailer told of, and what became of it: rows that are inserted and never changed, and
-- forgotten by the worker after a week. To whom it goes stands in root's file and not here. Like every migration, this
-- one can be run again from its start.

-- What happened, once; only where somebody was to be told of it.
CREATE TABLE IF NOT EXISTS mail_notice (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  event_id VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body MEDIUMTEXT NOT NULL CHECK (JSON_VALID(body)),
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  UNIQUE KEY once (event_id),
  KEY by_age (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- That nothing more is done about it. outcome: the mailer has it, or why it does not.
CREATE TABLE IF NOT EXISTS mail_notice_end (
  notice BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  KEY by_age (created_at)
) ENGINE = InnoDB;

DELIMITER //

-- As of the webhooks' deliveries: with SET insert_id a session could see to it that nobody inserts a row any more.
CREATE OR REPLACE TRIGGER mail_notice_numbered BEFORE INSERT ON mail_notice FOR EACH ROW
BEGIN
  IF @@SESSION.insert_id <> 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the server numbers its rows';
  END IF;
END //

DELIMITER ;
