-- What a site has beside its files: a key for SFTP, a queue, a cron. Each belongs to one domain for its life; its spec
-- is what contract/site-parts.ts has for its type. Like every migration, this one can be run again from its start.

CREATE TABLE IF NOT EXISTS site_part_version (
  part_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(31) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  spec LONGTEXT NOT NULL CHECK (JSON_VALID(spec)),
  deleted BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  PRIMARY KEY (part_id, generation),
  KEY by_domain (domain_id, type),
  FOREIGN KEY (tenant) REFERENCES tenant (id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Every name that a part holds. The API inserts; the worker deletes when it is free again.
CREATE TABLE IF NOT EXISTS site_part_name (
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(31) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  part_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (domain_id, type, name),
  KEY (part_id)
) ENGINE = InnoDB;
