-- The door counts what lets in and what takes away, and a database can be closed: while it is removed or brought back
-- nobody logs in to it. Like every migration, this one can be run again from its start.

ALTER TABLE sculptor_door.managed_database
  ADD COLUMN IF NOT EXISTS closed_at DATETIME(3) NULL AFTER dropped_at;

-- Root's alone to set: CALL sculptor_door.set_limit('let_in_per_hour', 60).
CREATE TABLE IF NOT EXISTS sculptor_door.setting (
  name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value INT UNSIGNED NOT NULL
) ENGINE = InnoDB;
INSERT IGNORE INTO sculptor_door.setting (name, value)
  VALUES ('let_in_per_hour', 60), ('destroy_per_hour', 30), ('connections_per_account', 30);

-- What was done in the last hour. Seconds since 1970, by a clock that no session sets.
CREATE TABLE IF NOT EXISTS sculptor_door.counted (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  counted_at BIGINT NOT NULL,
  KEY by_kind (kind, counted_at)
) ENGINE = InnoDB;
