-- owner: crm. The privacy desk: requests of persons with their deadlines (GD-01), and what an erasure must be able to change (GD-03).

SET LOCAL lock_timeout = '5s';

-- Since when nothing is known of this person any more. The row stays, so that what points at it (a vehicle's history) keeps its place.
ALTER TABLE contacts ADD COLUMN erased_at timestamptz;

-- Requests under articles 15 to 21. After an erasure a row holds no name: keyed hashes, dates and counts prove what was done.
CREATE TABLE privacy_requests (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('access', 'rectification', 'erasure', 'restriction', 'portability', 'objection')),
  status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'running', 'answered', 'refused')),
  contact_id uuid,
  person_name text,
  received_on date NOT NULL,
  identity text NOT NULL DEFAULT 'pending' CHECK (identity IN ('pending', 'verified', 'doubtful')),
  identity_note text,
  details text,
  due_on date NOT NULL,
  -- Two more months, with a reason that the person was told (art. 12(3)).
  extended_on date,
  extension_reason text,
  answered_on date,
  answer text,
  -- The job that makes the file of an access request, or erases.
  job_id uuid,
  -- Of an erasure: HMACs of the person's addresses under the company's key, what was done, and a signature of it.
  subject_hashes bytea[] NOT NULL DEFAULT '{}',
  certificate jsonb,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id),
  CHECK ((extended_on IS NULL) = (extension_reason IS NULL))
);
COMMENT ON TABLE privacy_requests IS 'owner: crm';
CREATE INDEX privacy_requests_due_idx ON privacy_requests (tenant_id, due_on, id) WHERE status = 'open';
CREATE INDEX privacy_requests_contact_idx ON privacy_requests (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
SELECT enable_tenant_rls('privacy_requests', 'SELECT, INSERT, UPDATE');

-- An erasure takes a person out of what nobody else may change. The log keeps who did what and when (GD-09).
GRANT UPDATE (object_label, changes, data) ON audit_log TO vision_system;
CREATE POLICY system_access ON timeline TO vision_system USING (true);
GRANT SELECT, UPDATE (changes, data), DELETE ON timeline TO vision_system;
CREATE POLICY system_access ON background_jobs TO vision_system USING (true);
GRANT SELECT, UPDATE ON background_jobs TO vision_system;
GRANT DELETE ON consents TO vision_app;
GRANT UPDATE (body, doc) ON note_versions TO vision_app;
GRANT UPDATE (changes, data) ON entity_events TO vision_app;
GRANT UPDATE (reason) ON entity_readings TO vision_app;
GRANT UPDATE (before) ON task_undos TO vision_app;
