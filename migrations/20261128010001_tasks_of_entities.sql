-- owner: crm. A task may be about a thing that a contact owns, and goes with it.

SET LOCAL lock_timeout = '5s';
ALTER TABLE tasks ADD COLUMN entity_id uuid GENERATED ALWAYS AS (CASE WHEN subject_kind = 'entity' THEN subject_id END) STORED;
ALTER TABLE tasks ADD CONSTRAINT tasks_entity_fkey FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE;
CREATE INDEX tasks_entity_idx ON tasks (tenant_id, entity_id, id) WHERE entity_id IS NOT NULL;
