-- owner: crm. What the privacy desk does by itself: alerts before a request is late (GD-01), and how long contacts are kept (GD-06).

SET LOCAL lock_timeout = '5s';

-- How often the team was told that a request waits: 0 not yet, 1 from day 25, 2 once it is late.
ALTER TABLE privacy_requests ADD COLUMN alerted smallint NOT NULL DEFAULT 0;
CREATE INDEX privacy_requests_alert_idx ON privacy_requests (tenant_id, due_on) WHERE status = 'open' AND alerted < 2;
CREATE POLICY system_access ON privacy_requests TO vision_system USING (true);
GRANT SELECT ON privacy_requests TO vision_system;

-- How long contacts are kept after their last sign of life; the usual terms where a company has said nothing.
CREATE TABLE privacy_retention (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  prospect_months integer NOT NULL CHECK (prospect_months BETWEEN 6 AND 120),
  client_months integer NOT NULL CHECK (client_months BETWEEN 6 AND 120),
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE privacy_retention IS 'owner: crm';
SELECT enable_tenant_rls('privacy_retention', 'SELECT, INSERT, UPDATE');

-- Contacts that are kept longer, until when and why.
CREATE TABLE privacy_keeps (
  tenant_id uuid NOT NULL,
  contact_id uuid NOT NULL,
  until date NOT NULL,
  reason text NOT NULL,
  decided_by uuid NOT NULL,
  decided_by_name text NOT NULL,
  decided_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, contact_id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE privacy_keeps IS 'owner: crm';
SELECT enable_tenant_rls('privacy_keeps');

-- Who was collected longest ago, for the review of what is kept too long.
CREATE INDEX contacts_created_idx ON contacts (tenant_id, created_at, id) WHERE kind = 'person' AND erased_at IS NULL;
