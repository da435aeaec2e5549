-- owner: crm. Fields that a tenant adds to its records.

CREATE TABLE custom_fields (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  object text NOT NULL CHECK (object IN ('contact', 'entity')),
  -- Which records of the object: all, or one kind of them (person, company; vehicle…).
  applies_to text NOT NULL DEFAULT 'all',
  key text NOT NULL,
  label text NOT NULL,
  label_norm text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('text', 'long_text', 'number', 'money', 'date', 'date_time', 'boolean', 'choice', 'choices', 'phone', 'email', 'url', 'reference')),
  -- Of choices: [{"key", "label"}]
  options jsonb NOT NULL DEFAULT '[]',
  required boolean NOT NULL DEFAULT false,
  default_value jsonb,
  help text,
  group_name text,
  position integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  -- Set while a job takes the values away; the key stays taken until they are gone.
  deleted_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, object, key)
);
COMMENT ON TABLE custom_fields IS 'owner: crm';
CREATE UNIQUE INDEX custom_fields_label_idx ON custom_fields (tenant_id, object, label_norm) WHERE deleted_at IS NULL;
SELECT enable_tenant_rls('custom_fields');

-- The values, by key; absent when not set. Money in cents, numbers as decimal text, dates as ISO 8601.
ALTER TABLE contacts ADD COLUMN custom jsonb NOT NULL DEFAULT '{}';
