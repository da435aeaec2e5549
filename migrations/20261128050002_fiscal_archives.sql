-- owner: billing. Closings that a clock makes, archives that can be checked without us (IS-09), documents made while training (IS-10).

SET LOCAL lock_timeout = '5s';
-- IS-10: what this company issues is practice, and every document says so.
ALTER TABLE tenants ADD COLUMN simulation boolean NOT NULL DEFAULT false;
UPDATE tenants SET simulation = true WHERE is_demo;

-- The clock looks for tills with open days, in every company.
CREATE POLICY system_access ON payment_transactions TO vision_system USING (true);
CREATE POLICY system_access ON closings TO vision_system USING (true);
GRANT SELECT (tenant_id, till, entered_on) ON payment_transactions TO vision_system;
GRANT SELECT (tenant_id, till, period, starts_on, ends_on) ON closings TO vision_system;

-- What was sealed in a span of time, for the archive of it.
CREATE INDEX sealed_records_time_idx ON sealed_records (tenant_id, chain, sealed_at);

-- An archive that was made: what it holds stays in the product, this says that it was taken and what it was.
CREATE TABLE fiscal_archives (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  records bigint NOT NULL,
  documents bigint NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL,
  file_key text NOT NULL,
  file_name text NOT NULL,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE fiscal_archives IS 'owner: billing';
SELECT enable_tenant_rls('fiscal_archives', 'SELECT, INSERT');
