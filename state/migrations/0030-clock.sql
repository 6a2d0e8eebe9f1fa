-- With SET timestamp a session has a clock of its own, and UTC_TIMESTAMP() follows it: who has the API's account made tokens
-- of a year to come, whose days were counted from then. SYSDATE() does not follow it, and the zone that a session can set
-- as well is taken out again by UNIX_TIMESTAMP(). The same for when a line of the audit was written.

ALTER TABLE token MODIFY COLUMN created_at DATETIME(3) NOT NULL
  DEFAULT (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(3)) SECOND);

ALTER TABLE audit MODIFY COLUMN at DATETIME(3) NOT NULL
  DEFAULT (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(3)) SECOND);
