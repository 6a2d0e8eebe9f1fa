-- What a site's PHP may take. Null, as in every version of before, is what the server says.
ALTER TABLE domain_version ADD COLUMN IF NOT EXISTS php_limits LONGTEXT NULL CHECK (JSON_VALID(php_limits))
  AFTER public_directory;
