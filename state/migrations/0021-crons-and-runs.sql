-- What the server tells of the programs of sites that end: how a cron's runs went, and how a command did. The worker
-- writes it; the API shows it. Like every migration, this one can be run again from its start.

CREATE TABLE IF NOT EXISTS cron_report (
  part_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  report LONGTEXT NOT NULL CHECK (JSON_VALID(report)),
  output MEDIUMTEXT NULL,
  KEY by_server (server)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS run_result (
  part_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  result LONGTEXT NOT NULL CHECK (JSON_VALID(result)),
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
