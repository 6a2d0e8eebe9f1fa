-- What the door has on a MySQL, which holds tenants' databases and nothing else: its tables, as the migrations make them on
-- a MariaDB, its account that nobody logs in with, and `sculptor`, whose password its own file has. It can be run again.

CREATE DATABASE IF NOT EXISTS sculptor_door CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sculptor_door.managed_database (
  id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  name VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'default',
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  dropped_at DATETIME(3) NULL,
  closed_at DATETIME(3) NULL,
  locked_at DATETIME(3) NULL,
  held VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin AS (IF(dropped_at IS NULL, name, NULL)) STORED,
  UNIQUE KEY one_holder (held),
  KEY by_tenant (tenant)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS sculptor_door.managed_user (
  id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  database_id CHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  max_connections INT UNSIGNED NULL,
  squeezed_at DATETIME NULL,
  created_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)),
  dropped_at DATETIME(3) NULL,
  held VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin AS (IF(dropped_at IS NULL, name, NULL)) STORED,
  UNIQUE KEY one_holder (held),
  FOREIGN KEY (database_id) REFERENCES managed_database (id)
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS sculptor_door.managed_tenant (
  id VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  most_databases INT UNSIGNED NULL,
  most_users INT UNSIGNED NULL,
  most_connections INT UNSIGNED NULL,
  suspended BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS sculptor_door.setting (
  name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value INT UNSIGNED NOT NULL
) ENGINE = InnoDB;
INSERT IGNORE INTO sculptor_door.setting (name, value)
  VALUES ('let_in_per_hour', 60), ('destroy_per_hour', 30), ('connections_per_account', 30), ('connections_kept', 50);

CREATE TABLE IF NOT EXISTS sculptor_door.counted (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  counted_at BIGINT NOT NULL,
  KEY by_kind (kind, counted_at)
) ENGINE = InnoDB;

-- Of no password, as MySQL has it for accounts of its own: one that is empty counts as expired, in a procedure too.
CREATE USER IF NOT EXISTS 'sculptor_door'@'localhost' ACCOUNT LOCK;
ALTER USER 'sculptor_door'@'localhost' IDENTIFIED WITH caching_sha2_password
  AS '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED' ACCOUNT LOCK;
REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'sculptor_door'@'localhost';
-- ALLOW_NONEXISTENT_DEFINER: an account is dropped whatever it defined. SYSTEM_USER is not among these, so that no account
-- that has it (root, the server's own) is changed by way of this one; nor is GRANT OPTION over all: what it may hand on, it
-- has on each schema as such.
GRANT SELECT, CREATE USER, PROCESS, CONNECTION_ADMIN, ALLOW_NONEXISTENT_DEFINER ON *.* TO 'sculptor_door'@'localhost';
GRANT SHOW_ROUTINE ON *.* TO 'sculptor_door'@'localhost' WITH GRANT OPTION;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES,
  EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER
  ON `%`.* TO 'sculptor_door'@'localhost' WITH GRANT OPTION;

CREATE USER IF NOT EXISTS 'sculptor'@'localhost' ACCOUNT LOCK;
REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'sculptor'@'localhost';
GRANT SELECT ON sculptor_door.* TO 'sculptor'@'localhost';
