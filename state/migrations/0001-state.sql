-- Desired state, operations and what the workers report, as rows that are mostly inserted and seldom changed.
-- The API inserts versions, operations, cancellations and audit rows; what changes or ends is written by who did it.
-- All times are UTC. Ids are compared byte by byte.
-- MariaDB keeps what was made before a failure: like every migration, this one can be run again from its start.

CREATE TABLE IF NOT EXISTS tenant (
  id VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(100) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS server (
  id VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(253) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

INSERT IGNORE INTO tenant (id, name) VALUES ('default', 'default');
INSERT IGNORE INTO server (id, name) VALUES ('default', 'default');

-- What a server's worker has found there: the installed PHP versions, for instance.
CREATE TABLE IF NOT EXISTS server_fact (
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  value LONGTEXT NOT NULL CHECK (JSON_VALID(value)),
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (server, name),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS token (
  id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
  role ENUM ('administrator') NOT NULL,
  name VARCHAR(100) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  revoked_at DATETIME(3) NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS domain_version (
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  aliases LONGTEXT NOT NULL CHECK (JSON_VALID(aliases)),
  type ENUM ('php', 'static') NOT NULL,
  php_version VARCHAR(5) CHARACTER SET ascii COLLATE ascii_bin NULL,
  public_directory VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  isolation ENUM ('site', 'pool') NOT NULL,
  enabled BOOLEAN NOT NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (domain_id, generation),
  FOREIGN KEY (tenant) REFERENCES tenant (id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every name and alias that is held, over all tenants: the primary key is what makes names unique. The API
-- inserts; the worker deletes when a name is free again.
CREATE TABLE IF NOT EXISTS domain_name (
  name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  KEY (domain_id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS database_version (
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (database_id, generation),
  FOREIGN KEY (tenant) REFERENCES tenant (id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS database_name (
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (server, name),
  KEY (database_id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS database_user_version (
  user_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  privileges ENUM ('all', 'read') NOT NULL,
  password_hash CHAR(41) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (user_id, generation),
  KEY (database_id),
  FOREIGN KEY (tenant) REFERENCES tenant (id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS database_user_name (
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (server, name),
  KEY (user_id),
  KEY (database_id)
) ENGINE = InnoDB;

-- What the worker last brought about. No row: nothing yet.
CREATE TABLE IF NOT EXISTS resource_state (
  resource_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  status ENUM ('live', 'failed', 'deleted') NOT NULL,
  generation INT UNSIGNED NOT NULL,
  updated_at DATETIME(3) NOT NULL
) ENGINE = InnoDB;

-- serial_key: operations that share it run one at a time and in the order of seq.
CREATE TABLE IF NOT EXISTS operation (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
  kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  resource_name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  serial_key VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  actor CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  status ENUM ('queued', 'running', 'succeeded', 'failed', 'superseded', 'cancelled') NOT NULL DEFAULT 'queued',
  epoch INT UNSIGNED NOT NULL DEFAULT 0,
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  started_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  error_code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
  error_message VARCHAR(500) NULL,
  error_hint VARCHAR(500) NULL,
  KEY open_by_key (serial_key, status, seq),
  KEY open_by_server (server, status, seq),
  KEY by_resource (resource_id, seq),
  FOREIGN KEY (tenant) REFERENCES tenant (id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS operation_step (
  operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  epoch INT UNSIGNED NOT NULL,
  position INT UNSIGNED NOT NULL,
  name VARCHAR(100) NOT NULL,
  status ENUM ('succeeded', 'failed', 'undone') NOT NULL,
  changed BOOLEAN NOT NULL,
  duration_ms DOUBLE NOT NULL,
  PRIMARY KEY (operation_id, epoch, position)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The wish to cancel; the worker grants it while the operation is still queued.
CREATE TABLE IF NOT EXISTS cancellation (
  operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  actor CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3))
) ENGINE = InnoDB;

-- response is the answer that was given, without the password that stood in it once.
CREATE TABLE IF NOT EXISTS idempotency (
  token_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  key_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  response LONGTEXT NOT NULL CHECK (JSON_VALID(response)),
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (token_id, key_sha256)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE IF NOT EXISTS audit (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  actor VARCHAR(40) NOT NULL,
  address VARCHAR(45) NOT NULL,
  action VARCHAR(60) NOT NULL,
  resource VARCHAR(60) NOT NULL,
  outcome VARCHAR(40) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
