-- What on a server is not as it was asked for, as the worker found it last: a row for each resource that it has looked at.
-- And what was found by hand before something was carried out that may have overwritten it. The worker writes both, the API
-- reads them. Like every migration, this one can be run again from its start.
CREATE TABLE IF NOT EXISTS drift (
  resource_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  resource_type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  differences LONGTEXT NOT NULL CHECK (JSON_VALID(differences)),
  -- Of the differences; null where there are none.
  digest CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  since DATETIME(3) NULL,
  looked_at DATETIME(3) NOT NULL,
  KEY by_age (looked_at),
  KEY by_server (server, since)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS drift_kept (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  resource_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  differences LONGTEXT NOT NULL CHECK (JSON_VALID(differences)),
  found_at DATETIME(3) NOT NULL,
  UNIQUE KEY once (operation_id),
  KEY by_resource (resource_id, seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- That something drifted is told each time that it does, as that a program fails is.
ALTER TABLE notification
  DROP INDEX IF EXISTS once_each,
  DROP COLUMN IF EXISTS told_once,
  ADD COLUMN told_once BOOLEAN AS (IF(kind IN ('program_failed', 'drift'), NULL, TRUE)) VIRTUAL,
  ADD UNIQUE INDEX once_each (kind, operation_id, told_once);
