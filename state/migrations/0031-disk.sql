-- What the files of a site take of the disk, in place or in the trash, as the worker last measured it.
-- Like every migration, this one can be run again from its start.
CREATE TABLE IF NOT EXISTS domain_size (
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  octets BIGINT UNSIGNED NOT NULL,
  -- The kernel holds the limit of its tenant for them.
  enforced BOOLEAN NOT NULL,
  measured_at DATETIME(3) NOT NULL,
  KEY by_age (measured_at)
) ENGINE = InnoDB;
