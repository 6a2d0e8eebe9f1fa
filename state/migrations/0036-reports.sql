-- How crons fare stands beside how queues do; what they have said is read anew from the server. And of a program that
-- fails it is told each time that it begins to, not once for all that was asked of it. Like every migration, this one
-- can be run again from its start.

CREATE TABLE IF NOT EXISTS cron_report LIKE part_report;
INSERT IGNORE INTO part_report (part_id, type, server, report, observed_at)
  SELECT part_id, 'cron', server, report, UTC_TIMESTAMP(3) FROM cron_report;
DROP TABLE cron_report;

-- NULL is like no other NULL.
ALTER TABLE notification
  ADD COLUMN IF NOT EXISTS told_once BOOLEAN AS (IF(kind = 'program_failed', NULL, TRUE)) VIRTUAL,
  DROP INDEX IF EXISTS once,
  ADD UNIQUE INDEX IF NOT EXISTS once_each (kind, operation_id, told_once);
