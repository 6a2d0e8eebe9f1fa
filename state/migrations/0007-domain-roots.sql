-- The last two labels of every name that was ever taken. Names under one of them are taken one after the other: of a
-- parent and its child that two tenants ask for in the same moment, neither transaction would see the other's.
CREATE TABLE IF NOT EXISTS domain_root (
  name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY
) ENGINE = InnoDB;
