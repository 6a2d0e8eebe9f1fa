-- What would be changed, as it was asked for with `?plan=true` and not written: the API inserts it, the worker writes beside it
-- what the server would come to have, and forgets both after a day. `generation` and `deleted` are what every table of
-- versions has. Like every migration, this one can be run again from its start.
CREATE TABLE IF NOT EXISTS planned_change (
  change_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  generation INT UNSIGNED NOT NULL DEFAULT 1,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  -- Behind what the plan is to be made: that of the operation which was not written.
  serial_key VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  wanted LONGTEXT NOT NULL CHECK (JSON_VALID(wanted)),
  result LONGTEXT NULL CHECK (JSON_VALID(result)),
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  KEY by_tenant (tenant, created_at),
  KEY by_age (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
