-- owner: crm. Which things a bulk action archived or restored, so that it can be undone.

CREATE TABLE entity_bulk_changes (
  tenant_id uuid NOT NULL,
  job_id uuid NOT NULL,
  entity_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, job_id, entity_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE entity_bulk_changes IS 'owner: crm';
CREATE INDEX entity_bulk_changes_entity_idx ON entity_bulk_changes (tenant_id, entity_id);
SELECT enable_tenant_rls('entity_bulk_changes', 'SELECT, INSERT, DELETE');
