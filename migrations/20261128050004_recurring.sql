-- owner: billing. Invoices that come again: what they say, when, and what became of each occurrence.

CREATE TABLE recurring_invoices (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  contact_id uuid,
  -- What a client writes of an invoice, without the customer: subject, texts, lines, discount.
  content jsonb NOT NULL,
  gross_minor bigint NOT NULL,
  frequency text NOT NULL CHECK (frequency IN ('weekly', 'monthly', 'quarterly', 'yearly')),
  -- The day of the month on which it was begun: 31 is the last day of shorter months.
  anchor_day smallint NOT NULL CHECK (anchor_day BETWEEN 1 AND 31),
  starts_on date NOT NULL,
  ends_on date,
  -- No more than so many invoices.
  max_count integer CHECK (max_count > 0),
  made_count integer NOT NULL DEFAULT 0,
  -- Null: it is over.
  next_on date,
  mode text NOT NULL CHECK (mode IN ('draft', 'issue')),
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused')),
  -- Why the last occurrence could not be issued.
  failure text,
  failed_at timestamptz,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CHECK (ends_on IS NULL OR ends_on >= starts_on),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id)
);
COMMENT ON TABLE recurring_invoices IS 'owner: billing';
CREATE INDEX recurring_invoices_due_idx ON recurring_invoices (tenant_id, next_on) WHERE state = 'active' AND next_on IS NOT NULL;
CREATE INDEX recurring_invoices_contact_idx ON recurring_invoices (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
SELECT enable_tenant_rls('recurring_invoices', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT');

-- One row a template and occurrence: that is what makes each come once.
CREATE TABLE recurring_runs (
  tenant_id uuid NOT NULL,
  template_id uuid NOT NULL,
  occurs_on date NOT NULL,
  state text NOT NULL CHECK (state IN ('drafted', 'issued', 'failed', 'skipped')),
  invoice_id uuid,
  failure text,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, template_id, occurs_on),
  FOREIGN KEY (tenant_id, template_id) REFERENCES recurring_invoices (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE SET NULL (invoice_id)
);
COMMENT ON TABLE recurring_runs IS 'owner: billing';
CREATE INDEX recurring_runs_invoice_idx ON recurring_runs (tenant_id, invoice_id) WHERE invoice_id IS NOT NULL;
SELECT enable_tenant_rls('recurring_runs');
