-- The audit is sealed: the worker gives each row a number without gaps and a hash over it and all before it. See ADR 35.
-- Who wrote a row is said by the grants: the API's account cannot set `source`.

ALTER TABLE audit
  ADD COLUMN IF NOT EXISTS source ENUM ('api', 'worker') NOT NULL DEFAULT 'api',
  ADD COLUMN IF NOT EXISTS times INT UNSIGNED NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS detail VARCHAR(250) NOT NULL DEFAULT '',
  ADD INDEX IF NOT EXISTS audit_actor (actor),
  ADD INDEX IF NOT EXISTS audit_action (action),
  ADD INDEX IF NOT EXISTS audit_resource (resource),
  ADD INDEX IF NOT EXISTS audit_at (at);

CREATE TABLE IF NOT EXISTS audit_seal (
  number BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  seq BIGINT UNSIGNED NOT NULL UNIQUE,
  -- Of what stands in the row, and of that, its place and the seal before.
  content BINARY(32) NOT NULL,
  hash BINARY(32) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
