-- The tenant that a domain is to belong to from then on, in the version that asks for that alone.
ALTER TABLE domain_version
  ADD COLUMN IF NOT EXISTS moves_to VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER tenant;
