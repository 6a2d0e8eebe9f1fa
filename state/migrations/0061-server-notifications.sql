-- What concerns the server is told with no operation, and to administrators.
ALTER TABLE notification
  MODIFY operation_id CHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
  MODIFY tenant VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL;
