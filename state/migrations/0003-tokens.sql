-- Tokens of tenants, beside the administrator's that root makes. A row is inserted and never changed: that a token was
-- revoked and when it was used are rows of their own. The API's account names no role, so it can insert a tenant's alone.

ALTER TABLE token
  MODIFY COLUMN role ENUM ('administrator', 'tenant') NOT NULL DEFAULT 'tenant',
  ADD COLUMN IF NOT EXISTS tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'default',
  ADD COLUMN IF NOT EXISTS scopes LONGTEXT NOT NULL DEFAULT '[]' CHECK (JSON_VALID(scopes)),
  ADD COLUMN IF NOT EXISTS addresses LONGTEXT NOT NULL DEFAULT '[]' CHECK (JSON_VALID(addresses)),
  ADD COLUMN IF NOT EXISTS expires_at DATETIME(3) NULL,
  ADD COLUMN IF NOT EXISTS made_by CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL;

-- A session can switch checks and foreign keys off: they find mistakes. What a row is worth, state/tokens.ts computes.
ALTER TABLE token
  DROP CONSTRAINT IF EXISTS tenants_token_ends,
  ADD CONSTRAINT tenants_token_ends CHECK (role = 'administrator' OR (made_by IS NOT NULL AND made_by <> id
    AND expires_at IS NOT NULL AND expires_at <= created_at + INTERVAL 366 DAY)),
  ADD FOREIGN KEY IF NOT EXISTS token_tenant (tenant) REFERENCES tenant (id),
  ADD FOREIGN KEY IF NOT EXISTS token_maker (made_by) REFERENCES token (id);

CREATE TABLE IF NOT EXISTS token_revocation (
  token_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  actor CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB;

-- used_at is the beginning of a span of ten minutes; address the first one in it.
CREATE TABLE IF NOT EXISTS token_use (
  token_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  used_at DATETIME NOT NULL,
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (token_id, used_at)
) ENGINE = InnoDB;

-- Making a token is answered at once: there is no operation to it.
ALTER TABLE idempotency MODIFY COLUMN operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL;

-- Before this migration a revocation was a column.
SET @carry_over = (SELECT IF(COUNT(*) = 0, 'DO 0', "INSERT IGNORE INTO token_revocation (token_id, actor, created_at)
    SELECT id, 'root', revoked_at FROM token WHERE revoked_at IS NOT NULL") FROM information_schema.columns
  WHERE table_schema = DATABASE() AND table_name = 'token' AND column_name = 'revoked_at');
EXECUTE IMMEDIATE @carry_over;
ALTER TABLE token DROP COLUMN IF EXISTS revoked_at;
