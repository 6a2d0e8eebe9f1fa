-- A hash of MySQL's caching_sha2_password is longer. Like every migration, this one can be run again from its start.

ALTER TABLE database_user_version
  MODIFY COLUMN password_hash VARCHAR(70) CHARACTER SET ascii COLLATE ascii_bin NULL;
