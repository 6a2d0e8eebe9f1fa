-- The narrow door to tenant databases. `sculptor` may call these procedures and read the registry, nothing
-- else; they run as an account that nobody can log in with, and act on what stands in the registry only.
-- Names are checked here again, anchored by \\z because `$` also matches before a final newline.

CREATE TABLE IF NOT EXISTS sculptor_door.managed_database (
  id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  dropped_at DATETIME(3) NULL,
  held VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin AS (IF(dropped_at IS NULL, name, NULL)) PERSISTENT,
  UNIQUE KEY one_holder (held)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS sculptor_door.managed_user (
  id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  dropped_at DATETIME(3) NULL,
  held VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin AS (IF(dropped_at IS NULL, name, NULL)) PERSISTENT,
  UNIQUE KEY one_holder (held),
  FOREIGN KEY (database_id) REFERENCES managed_database (id)
) ENGINE = InnoDB;
