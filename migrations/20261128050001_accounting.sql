-- owner: billing. Journals, the FEC of sales, and the periods that the accountant has locked.

-- How the books are kept. The row is made with the first invoice or setting: issuing holds it against a lock that is just being set.
CREATE TABLE accounting_settings (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  -- The fiscal year ends with this month.
  fiscal_end_month smallint NOT NULL DEFAULT 12 CHECK (fiscal_end_month BETWEEN 1 AND 12),
  -- Account by use, where it is another than the usual one (FE-05).
  accounts jsonb NOT NULL DEFAULT '{}',
  -- Nothing is entered any more with a date up to and with this one.
  locked_until date,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE accounting_settings IS 'owner: billing';
SELECT enable_tenant_rls('accounting_settings', 'SELECT, INSERT, UPDATE');

-- Each move of the lock, for good.
CREATE TABLE accounting_locks (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  previous date,
  locked_until date,
  reason text,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE accounting_locks IS 'owner: billing';
SELECT enable_tenant_rls('accounting_locks', 'SELECT, INSERT');

SET LOCAL lock_timeout = '5s';
-- Journals read forwards from the first day of a period; `invoices_issued_idx` serves the sales.
CREATE INDEX payment_transactions_received_idx ON payment_transactions (tenant_id, received_on, id);
-- The FEC follows the order of entry.
CREATE INDEX payment_transactions_entered_idx ON payment_transactions (tenant_id, entered_on, id);
-- What was credited after a day, for the balance as it stood then.
CREATE INDEX invoices_credits_idx ON invoices (tenant_id, issue_date) WHERE state = 'issued' AND kind = 'credit_note';

UPDATE roles SET permissions = permissions || '{accounting.export,accounting.manage}'::text[]
  WHERE builtin AND key IN ('owner', 'admin', 'accountant') AND NOT 'accounting.export' = ANY (permissions);
