-- Which program may be reached by which port of a server: a number is held like a name, until its program is gone or holds
-- another. What the plan allows of them stands in the plan. Root's registry knows a program's port from here on.
CREATE TABLE IF NOT EXISTS public_port (
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  port SMALLINT UNSIGNED NOT NULL,
  part_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  domain_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (server, port),
  KEY by_part (part_id),
  KEY by_domain (domain_id),
  FOREIGN KEY (server) REFERENCES server (id)
) ENGINE = InnoDB;
