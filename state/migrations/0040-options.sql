-- How a site is served, by contract/site-options.ts: what is not in it has its default.
ALTER TABLE domain_version
  ADD COLUMN IF NOT EXISTS options LONGTEXT NOT NULL DEFAULT '{}' CHECK (JSON_VALID(options)) AFTER public_directory;
