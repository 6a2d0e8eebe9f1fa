-- How webhooks' rows are dated, and how they are found. As in 0030-clock.sql: with SET timestamp a session of the API's account
-- wrote what is forgotten only in years to come, and what is a day old is not sent any more. SYSDATE() does not follow it. Like
-- every migration, this one can be run again from its start.

ALTER TABLE webhook_version MODIFY COLUMN created_at DATETIME(3) NOT NULL
  DEFAULT (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(3)) SECOND);

ALTER TABLE webhook_event MODIFY COLUMN created_at DATETIME(3) NOT NULL
  DEFAULT (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(3)) SECOND);

ALTER TABLE webhook_delivery MODIFY COLUMN created_at DATETIME(3) NOT NULL
  DEFAULT (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(3)) SECOND);

ALTER TABLE webhook_attempt MODIFY COLUMN created_at DATETIME(3) NOT NULL
  DEFAULT (TIMESTAMP'1970-01-01 00:00:00' + INTERVAL UNIX_TIMESTAMP(SYSDATE(3)) SECOND);

-- Which are there, which were written in the last hour, since when a secret is, and what is old: each second, and of a table that
-- tenants fill.
ALTER TABLE webhook_version
  ADD KEY IF NOT EXISTS by_first (generation, tenant, created_at),
  ADD KEY IF NOT EXISTS by_secret (webhook_id, secret_number, created_at),
  ADD KEY IF NOT EXISTS by_age (created_at);
