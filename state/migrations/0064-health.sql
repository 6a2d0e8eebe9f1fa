-- How a server was in each minute of the last day, which alarms there are, and how sites answered when they were asked last. The
-- privileged worker writes them, the API reads. Like every migration, this one can be run again from its start.
CREATE TABLE IF NOT EXISTS health_sample (
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at DATETIME(0) NOT NULL,
  cpu_percent DOUBLE NULL,
  memory_percent DOUBLE NOT NULL,
  load_average DOUBLE NOT NULL,
  disk_percent DOUBLE NOT NULL,
  unwell INT UNSIGNED NOT NULL,
  sample LONGTEXT NOT NULL CHECK (JSON_VALID(sample)),
  PRIMARY KEY (server, at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- One for each subject that is at its threshold. That it is raised, and that it was told, is written together.
CREATE TABLE IF NOT EXISTS alarm (
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
  value DOUBLE NOT NULL,
  since DATETIME(3) NOT NULL,
  seen_at DATETIME(3) NOT NULL,
  raised_at DATETIME(3) NULL,
  calm_since DATETIME(3) NULL,
  PRIMARY KEY (server, kind, subject)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS site_check (
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  status SMALLINT UNSIGNED NULL,
  milliseconds INT UNSIGNED NOT NULL,
  certificate LONGTEXT NULL CHECK (JSON_VALID(certificate)),
  -- What is not well is asked sooner.
  well BOOLEAN NOT NULL,
  checked_at DATETIME(3) NOT NULL,
  KEY by_age (checked_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The API's account calls what inserts here, and shall not say by SET insert_id which number the row gets: after the last
-- that there is nobody could be told of anything any more. See 0050-next-rows.sql.
DELIMITER //

CREATE OR REPLACE TRIGGER notification_numbered BEFORE INSERT ON notification FOR EACH ROW
BEGIN
  IF @@SESSION.insert_id <> 0 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the server numbers its rows';
  END IF;
END //

DELIMITER ;
