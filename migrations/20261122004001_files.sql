-- owner: crm. Files on contacts and on what they own: uploads that go on after a cut, files, and what is left of both in the store.

-- A file on its way in. Its parts lie in the store below `<tenant>/uploads/<id>`.
CREATE TABLE file_uploads (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  size bigint NOT NULL CHECK (size > 0),
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  received bigint NOT NULL DEFAULT 0,
  -- Keys of the parts, in order.
  parts text[] NOT NULL DEFAULT '{}',
  created_by uuid NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK (received BETWEEN 0 AND size)
);
COMMENT ON TABLE file_uploads IS 'owner: crm';
CREATE INDEX file_uploads_updated_idx ON file_uploads (tenant_id, updated_at);
SELECT enable_tenant_rls('file_uploads', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE');

CREATE TABLE files (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  -- The id of its upload: what was sent once is one file, however often the end of the upload is asked for.
  id uuid NOT NULL,
  name text NOT NULL,
  sort_name text COLLATE "C" NOT NULL,
  -- As its content says, never as the browser or the name says.
  media_type text NOT NULL,
  size bigint NOT NULL CHECK (size > 0),
  sha256 bytea NOT NULL,
  -- The record that it belongs to. A kind of record joins by a line of `files/subjects.rs`; the two columns below make the file go
  -- with its record.
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  contact_id uuid GENERATED ALWAYS AS (CASE WHEN subject_kind = 'contact' THEN subject_id END) STORED,
  entity_id uuid GENERATED ALWAYS AS (CASE WHEN subject_kind = 'entity' THEN subject_id END) STORED,
  status text NOT NULL DEFAULT 'checking' CHECK (status IN ('checking', 'ready', 'quarantined')),
  -- What the scanner found.
  threat text,
  -- Where its bytes are: below `<tenant>/files/<id>`.
  object_key text NOT NULL,
  thumbnail_key text,
  preview_keys text[] NOT NULL DEFAULT '{}',
  -- Pages of a document; previews show the first ones.
  pages integer,
  attempts integer NOT NULL DEFAULT 0,
  next_check_at timestamptz NOT NULL,
  deleted_at timestamptz,
  deleted_by uuid,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE files IS 'owner: crm';
CREATE INDEX files_subject_idx ON files (tenant_id, subject_id, id);
CREATE INDEX files_contact_idx ON files (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX files_entity_idx ON files (tenant_id, entity_id) WHERE entity_id IS NOT NULL;
CREATE INDEX files_size_idx ON files (tenant_id, size, id) INCLUDE (deleted_at);
CREATE INDEX files_checking_idx ON files (tenant_id, next_check_at) WHERE status = 'checking';
CREATE INDEX files_deleted_idx ON files (tenant_id, deleted_at) WHERE deleted_at IS NOT NULL;
-- The clock looks across tenants for files to check, and empties the trash.
SELECT enable_tenant_rls('files', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT, DELETE');

-- What lies in the store and belongs to no row any more: everything below a prefix. No foreign key: it outlives its tenant.
CREATE TABLE file_leftovers (
  tenant_id uuid NOT NULL,
  prefix text NOT NULL,
  since timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, prefix)
);
COMMENT ON TABLE file_leftovers IS 'owner: crm';
SELECT enable_tenant_rls('file_leftovers', 'INSERT', 'SELECT, DELETE');

-- Whatever takes a row away (the trash, a contact that is deleted for good, a tenant that leaves), its bytes are not forgotten.
CREATE FUNCTION note_file_leftovers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  INSERT INTO file_leftovers (tenant_id, prefix, since)
  SELECT OLD.tenant_id, OLD.tenant_id || '/' || kind || '/' || OLD.id, now()
  FROM unnest(CASE WHEN TG_TABLE_NAME = 'files' THEN ARRAY['files'] ELSE ARRAY['uploads', 'files'] END) kind
  -- An upload that has become a file leaves its parts only.
  WHERE kind <> 'files' OR TG_TABLE_NAME = 'files' OR NOT EXISTS (SELECT FROM files f WHERE f.tenant_id = OLD.tenant_id AND f.id = OLD.id)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION note_file_leftovers FROM PUBLIC;
CREATE TRIGGER file_leftovers AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION note_file_leftovers();
CREATE TRIGGER file_leftovers AFTER DELETE ON file_uploads FOR EACH ROW EXECUTE FUNCTION note_file_leftovers();
