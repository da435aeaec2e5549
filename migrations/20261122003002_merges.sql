-- owner: crm. Two contacts become one; for 30 days they can become two again.

CREATE TABLE contact_merges (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kept_id uuid NOT NULL,
  merged_id uuid NOT NULL,
  merged_name text NOT NULL,
  merged_by uuid NOT NULL,
  merged_by_name text NOT NULL,
  merged_at timestamptz NOT NULL,
  undone_at timestamptz,
  -- For the undo; emptied after 30 days, when only the alias remains: the merged row as it was, what people wrote on the kept one before
  -- and after, and the references that were moved or dropped, by table.
  merged_row jsonb,
  kept_before jsonb,
  kept_after jsonb,
  moves jsonb,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, kept_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE contact_merges IS 'owner: crm';
-- An id stands for one contact at a time.
CREATE UNIQUE INDEX contact_merges_alias_idx ON contact_merges (tenant_id, merged_id) WHERE undone_at IS NULL;
CREATE INDEX contact_merges_kept_idx ON contact_merges (tenant_id, kept_id, id DESC);
SELECT enable_tenant_rls('contact_merges', 'SELECT, INSERT, UPDATE', 'SELECT, UPDATE');

-- Pairs that somebody said are not the same.
CREATE TABLE contact_distinct (
  tenant_id uuid NOT NULL,
  low_id uuid NOT NULL,
  high_id uuid NOT NULL,
  said_by uuid NOT NULL,
  said_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, low_id, high_id),
  FOREIGN KEY (tenant_id, low_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, high_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  CHECK (low_id < high_id)
);
COMMENT ON TABLE contact_distinct IS 'owner: crm';
CREATE INDEX contact_distinct_high_idx ON contact_distinct (tenant_id, high_id);
SELECT enable_tenant_rls('contact_distinct');

-- A merge moves history to the kept contact; nothing else of a line changes.
GRANT UPDATE (contact_id) ON timeline TO vision_app;
