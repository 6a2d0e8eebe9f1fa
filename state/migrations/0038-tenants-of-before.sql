-- Tenants that were there before tenants were asked for stand, and the databases that were theirs then are theirs for
-- the door too: 0009 took all of them for `default`'s. Like every migration, this one can be run again from its start.

INSERT IGNORE INTO resource_state (resource_id, status, generation, updated_at)
  SELECT t.id, 'live', 1, UTC_TIMESTAMP(3) FROM tenant t WHERE NOT EXISTS (
    SELECT 1 FROM operation o WHERE o.resource_id = t.id AND o.resource_type = 'tenant' AND o.generation = 1);

-- Whose it is stands in its first version, which it was made by.
UPDATE sculptor_door.managed_database m
  JOIN database_version v ON v.database_id = m.id AND v.generation = 1 AND v.name = m.name
  SET m.tenant = v.tenant WHERE m.tenant = 'default' AND v.tenant <> 'default';
