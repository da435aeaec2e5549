-- owner: billing. Reminders of what is due: plans by kind of customer, what was sent, what is held back.

CREATE TABLE dunning_plans (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  audience text NOT NULL CHECK (audience IN ('consumer', 'business')),
  active boolean NOT NULL DEFAULT false,
  -- Invoices issued before are not reminded of, unless somebody asked for it.
  activated_on date,
  include_existing boolean NOT NULL DEFAULT false,
  -- [{offset_days, channel, subject, body}], in the order of their days
  steps jsonb NOT NULL,
  -- The last day on which the clock looked.
  checked_on date,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, audience)
);
COMMENT ON TABLE dunning_plans IS 'owner: billing';
SELECT enable_tenant_rls('dunning_plans', 'SELECT, INSERT, UPDATE', 'SELECT');

-- One row an invoice and step: that is what makes a reminder leave once.
CREATE TABLE reminders (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  offset_days integer NOT NULL,
  channel text NOT NULL CHECK (channel IN ('email', 'letter')),
  state text NOT NULL CHECK (state IN ('sent', 'to_post', 'posted', 'failed')),
  recipient text,
  subject text NOT NULL,
  body text NOT NULL,
  -- What was due when it was written.
  due_minor bigint NOT NULL,
  -- Why it did not leave.
  failure text,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  posted_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE reminders IS 'owner: billing';
CREATE UNIQUE INDEX reminders_step_key ON reminders (tenant_id, invoice_id, offset_days);
CREATE INDEX reminders_open_idx ON reminders (tenant_id, id DESC) WHERE state IN ('to_post', 'failed');
SELECT enable_tenant_rls('reminders');

-- No reminders of an invoice, or to a contact, until a day or until it is lifted.
CREATE TABLE dunning_pauses (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  invoice_id uuid,
  contact_id uuid,
  reason text,
  until date,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((invoice_id IS NULL) <> (contact_id IS NULL)),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE dunning_pauses IS 'owner: billing';
CREATE INDEX dunning_pauses_invoice_idx ON dunning_pauses (tenant_id, invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX dunning_pauses_contact_idx ON dunning_pauses (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
SELECT enable_tenant_rls('dunning_pauses');
