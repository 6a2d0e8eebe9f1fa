-- What a tenant may have and whether it is suspended, in versions like everything that is asked for, and beside that
-- what the door needs of it. Like every migration, this one can be run again from its start.

-- tenant: whose operation a change of it is, which is the administrator's. took: what went to the trash with it.
CREATE TABLE IF NOT EXISTS tenant_version (
  tenant_id VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'default',
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(100) NOT NULL,
  plan LONGTEXT NOT NULL CHECK (JSON_VALID(plan)),
  suspended_reason VARCHAR(200) NULL,
  suspended_since DATETIME(3) NULL,
  took LONGTEXT NOT NULL DEFAULT '[]' CHECK (JSON_VALID(took)),
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (tenant_id, generation),
  FOREIGN KEY (tenant_id) REFERENCES tenant (id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Tenants of before have no limits.
INSERT IGNORE INTO tenant_version (tenant_id, generation, server, name, plan)
  SELECT id, 1, 'default', name, JSON_OBJECT('domains', NULL, 'databases', NULL, 'databaseUsers', NULL, 'queues', NULL,
    'crons', NULL, 'keys', NULL, 'tokens', NULL, 'phpMemoryBytes', NULL, 'phpProcesses', NULL,
    'databaseConnections', NULL) FROM tenant;
INSERT IGNORE INTO resource_state (resource_id, status, generation, updated_at)
  SELECT id, 'live', 1, UTC_TIMESTAMP(3) FROM tenant WHERE id = 'default';

-- Root's word, for the door's procedures: null is no limit. `default` may have no row.
CREATE TABLE IF NOT EXISTS sculptor_door.managed_tenant (
  id VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  most_databases INT UNSIGNED NULL,
  most_users INT UNSIGNED NULL,
  most_connections INT UNSIGNED NULL,
  suspended BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE = InnoDB;

ALTER TABLE sculptor_door.managed_database
  ADD COLUMN IF NOT EXISTS tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'default' AFTER name,
  ADD KEY IF NOT EXISTS by_tenant (tenant);
