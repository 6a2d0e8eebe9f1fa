-- Where the API's account sends what happened, and what became of it: rows that are inserted and never changed, and
-- forgotten by the worker after a week. Like every migration, this one can be run again from its start.

-- Of a webhook the newest version counts. secret_number: how often its secret was made anew; the secret itself is nowhere.
CREATE TABLE IF NOT EXISTS webhook_version (
  webhook_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  -- NULL: of all tenants and of the server.
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  url VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  events LONGTEXT NOT NULL CHECK (JSON_VALID(events)),
  description VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  secret_number INT UNSIGNED NOT NULL,
  off_because VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (webhook_id, generation)
) ENGINE = InnoDB;

-- What happened, once; only where somebody was to be told of it.
CREATE TABLE IF NOT EXISTS webhook_event (
  event_id VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  type VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body MEDIUMTEXT NOT NULL CHECK (JSON_VALID(body)),
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  KEY by_age (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- sending: 1, and one more for each time that somebody asked for it again.
CREATE TABLE IF NOT EXISTS webhook_delivery (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  webhook_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_id VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sending INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  UNIQUE KEY once (webhook_id, event_id, sending),
  KEY by_webhook (webhook_id, seq),
  KEY by_event (event_id),
  KEY by_age (created_at)
) ENGINE = InnoDB;

-- next_at: when the next one is; NULL where there is none.
CREATE TABLE IF NOT EXISTS webhook_attempt (
  delivery BIGINT UNSIGNED NOT NULL,
  number SMALLINT UNSIGNED NOT NULL,
  outcome VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  http_status SMALLINT UNSIGNED NULL,
  duration_ms INT UNSIGNED NOT NULL,
  next_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (delivery, number),
  KEY by_age (created_at)
) ENGINE = InnoDB;

-- Which operations ended since.
ALTER TABLE operation ADD KEY IF NOT EXISTS by_end (server, ended_at);
ALTER TABLE notification ADD KEY IF NOT EXISTS by_time (server, created_at);

DELIMITER //

-- As of the audit: with SET insert_id a session could see to it that nobody inserts a row any more.
CREATE OR REPLACE TRIGGER webhook_delivery_numbered BEFORE INSERT ON webhook_delivery FOR EACH ROW
BEGIN
  IF @@SESSION.insert_id <> 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the server numbers its rows';
  END IF;
END //

DELIMITER ;
