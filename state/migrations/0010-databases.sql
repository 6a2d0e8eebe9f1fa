-- Character sets, connections of an account, sizes, and accounts that are locked while their tenant is suspended.
-- Like every migration, this one can be run again from its start.

-- Locked: nobody logs in to it until root's side unlocks it, whatever else becomes of it meanwhile.
ALTER TABLE sculptor_door.managed_database
  ADD COLUMN IF NOT EXISTS locked_at DATETIME(3) NULL AFTER closed_at;

-- As many as were asked for; null: as many as any account may have. See sculptor_door.connection_cap.
ALTER TABLE sculptor_door.managed_user
  ADD COLUMN IF NOT EXISTS max_connections INT UNSIGNED NULL AFTER name;

ALTER TABLE database_version
  ADD COLUMN IF NOT EXISTS charset VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'utf8mb4' AFTER name,
  ADD COLUMN IF NOT EXISTS collation VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    DEFAULT 'utf8mb4_general_ci' AFTER charset;

-- What was made before has the server's own default, which newer servers have another of.
UPDATE database_version v JOIN information_schema.schemata s ON s.schema_name = v.name
  SET v.collation = s.default_collation_name
  WHERE v.charset = 'utf8mb4' AND s.default_character_set_name = 'utf8mb4'
    AND v.collation <> s.default_collation_name AND v.collation = 'utf8mb4_general_ci';

-- Without a hash: the password is as it was.
ALTER TABLE database_user_version
  MODIFY COLUMN password_hash CHAR(41) CHARACTER SET ascii COLLATE ascii_bin NULL,
  ADD COLUMN IF NOT EXISTS max_connections INT UNSIGNED NULL AFTER privileges;

-- What the worker last measured, in octets.
CREATE TABLE IF NOT EXISTS database_size (
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  data_octets BIGINT UNSIGNED NOT NULL,
  index_octets BIGINT UNSIGNED NOT NULL,
  measured_at DATETIME(3) NOT NULL,
  KEY by_age (measured_at)
) ENGINE = InnoDB;
