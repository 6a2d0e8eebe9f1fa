-- Who may do what in MariaDB, put in place anew at every installation, after the migrations and before the procedures,
-- which have these accounts for definers and grant what is theirs to grant. Nobody here has a password: `www-data` and
-- `sculptor` log in as the operating system's users they are, `sculptor_door` cannot log in at all. What an earlier
-- version granted and this one does not is taken away.

CREATE USER IF NOT EXISTS 'sculptor_door'@'localhost' ACCOUNT LOCK;
ALTER USER 'sculptor_door'@'localhost' ACCOUNT LOCK;
GRANT CREATE USER, CONNECTION ADMIN, PROCESS ON *.* TO 'sculptor_door'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES,
  EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, TRIGGER
  ON *.* TO 'sculptor_door'@'localhost' WITH GRANT OPTION;

-- The API reads, and inserts what is new. No UPDATE, no DELETE, and of an operation only the columns that
-- do not say how it goes on: it cannot insert one as finished.
CREATE USER IF NOT EXISTS 'www-data'@'localhost' IDENTIFIED VIA unix_socket;
-- Whoever has the API does not have all connections of the server.
ALTER USER 'www-data'@'localhost' WITH MAX_USER_CONNECTIONS 30;
REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'www-data'@'localhost';
GRANT SELECT, INSERT (id, name) ON sculptor.tenant TO 'www-data'@'localhost';
GRANT SELECT, INSERT (tenant_id, generation, server, name, plan, suspended_reason, suspended_since, took, deleted)
  ON sculptor.tenant_version TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.server TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.server_fact TO 'www-data'@'localhost';
-- Without `role`, whose default is a tenant's: an administrator's token is root's to make.
GRANT SELECT, INSERT (id, sha256, name, tenant, scopes, addresses, expires_at, made_by)
  ON sculptor.token TO 'www-data'@'localhost';
GRANT SELECT, INSERT (token_id, actor) ON sculptor.token_revocation TO 'www-data'@'localhost';
GRANT SELECT, INSERT (token_id, used_at, address) ON sculptor.token_use TO 'www-data'@'localhost';
GRANT SELECT, INSERT (domain_id, generation, tenant, server, name, aliases, type, php_version, public_directory, options,
  php_limits, isolation, enabled, deleted, moves_to) ON sculptor.domain_version TO 'www-data'@'localhost';
GRANT INSERT ON sculptor.visitor_hash TO 'www-data'@'localhost';
GRANT SELECT, INSERT ON sculptor.domain_name TO 'www-data'@'localhost';
GRANT SELECT, INSERT ON sculptor.domain_root TO 'www-data'@'localhost';
GRANT SELECT, INSERT (database_id, generation, tenant, server, name, charset, collation, deleted)
  ON sculptor.database_version TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.database_size TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.domain_size TO 'www-data'@'localhost';
GRANT SELECT, INSERT ON sculptor.database_name TO 'www-data'@'localhost';
GRANT SELECT (user_id, generation, database_id, tenant, server, name, privileges, max_connections, deleted, created_at),
  INSERT (user_id, generation, database_id, tenant, server, name, privileges, max_connections, password_hash, deleted)
  ON sculptor.database_user_version TO 'www-data'@'localhost';
GRANT SELECT, INSERT ON sculptor.database_user_name TO 'www-data'@'localhost';
GRANT SELECT, INSERT (part_id, generation, type, domain_id, tenant, server, name, spec, deleted)
  ON sculptor.site_part_version TO 'www-data'@'localhost';
GRANT SELECT, INSERT ON sculptor.site_part_name TO 'www-data'@'localhost';
GRANT SELECT, INSERT ON sculptor.public_port TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.resource_state TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.run_result TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.part_report TO 'www-data'@'localhost';
GRANT SELECT, INSERT (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant, server, actor)
  ON sculptor.operation TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.operation_step TO 'www-data'@'localhost';
GRANT SELECT, INSERT (resource_id, resource_type, actor) ON sculptor.protection TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.notification TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.health_sample TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.alarm TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.site_check TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.drift TO 'www-data'@'localhost';
GRANT SELECT ON sculptor.drift_kept TO 'www-data'@'localhost';
GRANT SELECT, INSERT (change_id, tenant, server, serial_key, wanted) ON sculptor.planned_change TO 'www-data'@'localhost';
GRANT SELECT, INSERT (request_id, type, tenant, server, wanted) ON sculptor.server_request TO 'www-data'@'localhost';
GRANT SELECT, INSERT (operation_id, actor) ON sculptor.cancellation TO 'www-data'@'localhost';
GRANT SELECT, INSERT (token_id, key_sha256, request_sha256, operation_id, response)
  ON sculptor.idempotency TO 'www-data'@'localhost';
GRANT SELECT, INSERT (actor, address, action, resource, outcome, times, detail) ON sculptor.audit TO 'www-data'@'localhost';
GRANT SELECT (number, seq) ON sculptor.audit_seal TO 'www-data'@'localhost';
GRANT SELECT, INSERT (webhook_id, generation, tenant, server, url, events, description, secret_number, off_because, deleted)
  ON sculptor.webhook_version TO 'www-data'@'localhost';
GRANT SELECT, INSERT (event_id, type, body) ON sculptor.webhook_event TO 'www-data'@'localhost';
GRANT SELECT, INSERT (webhook_id, event_id, sending) ON sculptor.webhook_delivery TO 'www-data'@'localhost';
GRANT SELECT, INSERT (delivery, number, outcome, http_status, duration_ms, next_at)
  ON sculptor.webhook_attempt TO 'www-data'@'localhost';
GRANT SELECT, INSERT (event_id, server, body) ON sculptor.mail_notice TO 'www-data'@'localhost';
GRANT SELECT, INSERT (notice, outcome) ON sculptor.mail_notice_end TO 'www-data'@'localhost';

-- The privileged worker ends operations and says what is; it never changes what was asked for.
CREATE USER IF NOT EXISTS 'sculptor'@'localhost' IDENTIFIED VIA unix_socket;
REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'sculptor'@'localhost';
GRANT SELECT ON sculptor.* TO 'sculptor'@'localhost';
GRANT UPDATE (status, epoch, attempt, started_at, ended_at, error_code, error_message, error_hint)
  ON sculptor.operation TO 'sculptor'@'localhost';
-- What the server asks for by itself: that a certificate is renewed.
GRANT INSERT (id, kind, resource_type, resource_id, resource_name, serial_key, generation, tenant, server, actor)
  ON sculptor.operation TO 'sculptor'@'localhost';
GRANT INSERT (part_id, generation, type, domain_id, tenant, server, name, spec, deleted)
  ON sculptor.site_part_version TO 'sculptor'@'localhost';
GRANT INSERT ON sculptor.operation_step TO 'sculptor'@'localhost';
GRANT INSERT (kind, operation_id, resource_type, resource_id, resource_name, tenant, server, message)
  ON sculptor.notification TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE ON sculptor.resource_state TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE ON sculptor.server_fact TO 'sculptor'@'localhost';
GRANT INSERT, DELETE ON sculptor.run_result TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE ON sculptor.database_size TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE ON sculptor.domain_size TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE, DELETE ON sculptor.part_report TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE, DELETE ON sculptor.health_sample TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE, DELETE ON sculptor.alarm TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE, DELETE ON sculptor.site_check TO 'sculptor'@'localhost';
GRANT INSERT, UPDATE, DELETE ON sculptor.drift TO 'sculptor'@'localhost';
GRANT INSERT, DELETE ON sculptor.drift_kept TO 'sculptor'@'localhost';
GRANT UPDATE (result), DELETE ON sculptor.planned_change TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.webhook_version TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.webhook_event TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.webhook_delivery TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.webhook_attempt TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.mail_notice TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.mail_notice_end TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.domain_name TO 'sculptor'@'localhost';
-- Whose a domain is from now on, once it has been moved.
GRANT UPDATE (tenant) ON sculptor.domain_version TO 'sculptor'@'localhost';
GRANT UPDATE (tenant) ON sculptor.site_part_version TO 'sculptor'@'localhost';
GRANT UPDATE (tenant) ON sculptor.domain_name TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.database_name TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.database_user_name TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.site_part_name TO 'sculptor'@'localhost';
GRANT DELETE ON sculptor.public_port TO 'sculptor'@'localhost';
GRANT INSERT (actor, address, action, resource, outcome, times, detail, source)
  ON sculptor.audit TO 'sculptor'@'localhost';
-- Once sealed it stays so: nobody updates or deletes either.
GRANT INSERT ON sculptor.audit_seal TO 'sculptor'@'localhost';
GRANT SELECT ON sculptor_door.* TO 'sculptor'@'localhost';
-- What it may call there stands in procedures.sql, which is applied after this.
