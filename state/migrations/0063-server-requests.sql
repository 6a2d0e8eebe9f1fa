-- What is asked of a server itself and is no tenant's: that its security updates are installed now. A row for each time that
-- it is, which the API inserts and nobody changes. `generation` and `deleted` are what every table of versions has. Like every
-- migration, this one can be run again from its start.
CREATE TABLE IF NOT EXISTS server_request (
  request_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  generation INT UNSIGNED NOT NULL DEFAULT 1,
  type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  wanted LONGTEXT NOT NULL CHECK (JSON_VALID(wanted)),
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  KEY by_server (server, type, created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
