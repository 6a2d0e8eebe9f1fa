-- What lets the visitors of a site in that asks for name and password. The API can write it and not read it.
-- Like every migration, this one can be run again from its start.
CREATE TABLE IF NOT EXISTS visitor_hash (
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  generation INT UNSIGNED NOT NULL,
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password_hash VARCHAR(130) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (domain_id, generation, name),
  FOREIGN KEY (domain_id, generation) REFERENCES domain_version (domain_id, generation)
) ENGINE = InnoDB;
