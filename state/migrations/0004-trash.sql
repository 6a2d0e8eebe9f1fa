-- What was removed is kept for a while, some things are not to be removed, and what was held back is told.
-- MariaDB keeps what was made before a failure: like every migration, this one can be run again from its start.

-- purge_after is the worker's note of when to ask for the purge; the privileged side goes by records of its own.
ALTER TABLE resource_state
  MODIFY COLUMN status ENUM ('live', 'failed', 'deleted', 'trashed') NOT NULL,
  ADD COLUMN IF NOT EXISTS trashed_at DATETIME(3) NULL,
  ADD COLUMN IF NOT EXISTS purge_after DATETIME(3) NULL,
  ADD KEY IF NOT EXISTS by_purge (status, purge_after);

-- The API inserts; nobody but root takes a row away.
CREATE TABLE IF NOT EXISTS protection (
  resource_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  resource_type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB;

-- The worker inserts, once for each operation that it holds back.
CREATE TABLE IF NOT EXISTS notification (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  message VARCHAR(500) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  UNIQUE KEY once (kind, operation_id),
  KEY by_tenant (tenant, seq)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
