-- Connections of tenants to MariaDB: what all accounts of one tenant may have together is divided among them, and the last
-- connections of the server are the agent's. Like every migration, this one can be run again from its start.

-- Has fewer connections than it may since then, because the server had hardly any left.
ALTER TABLE sculptor_door.managed_user
  ADD COLUMN IF NOT EXISTS squeezed_at DATETIME NULL AFTER max_connections;

INSERT IGNORE INTO sculptor_door.setting (name, value) VALUES ('connections_kept', 50);
