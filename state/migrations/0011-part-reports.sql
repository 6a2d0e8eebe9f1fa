-- What was last seen of what belongs to a site: how a queue's program fares, and the last that it said. The worker
-- writes what it has seen, and takes away what is no more; the API shows it.

CREATE TABLE IF NOT EXISTS part_report (
  part_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  type VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  server VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  report LONGTEXT NOT NULL CHECK (JSON_VALID(report)),
  observed_at DATETIME(3) NOT NULL,
  output LONGTEXT NULL CHECK (JSON_VALID(output)),
  output_at DATETIME(3) NULL,
  KEY by_server (server, type)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
