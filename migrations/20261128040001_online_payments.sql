-- owner: billing. Invoices that are paid online: the company's account at the provider, the links that are sent, what was tried, what the
-- provider said, refunds, disputes; customers' credit; invoices sent by mail.
SET LOCAL lock_timeout = '5s';

-- What a customer has paid too much stands in payment_transactions as what is allocated to no invoice (BA-06). Using it is a pair of
-- entries by the method `credit`, which add up to nothing.
ALTER TABLE payment_transactions DROP CONSTRAINT payment_transactions_method_check;
ALTER TABLE payment_transactions ADD CONSTRAINT payment_transactions_method_check
  CHECK (method IN ('cash', 'cheque', 'card', 'transfer', 'direct_debit', 'online', 'credit'));
-- A payment may go back in several parts: each entry names it (IS-05).
DROP INDEX payment_transactions_reverses_key;
CREATE INDEX payment_transactions_reverses_idx ON payment_transactions (tenant_id, reverses_id) WHERE reverses_id IS NOT NULL;

-- One account a company and provider. The provider names it in everything that it says: that is how its company is found.
CREATE TABLE payment_accounts (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  provider text NOT NULL,
  account_id text NOT NULL,
  charges_enabled boolean NOT NULL DEFAULT false,
  payouts_enabled boolean NOT NULL DEFAULT false,
  details_submitted boolean NOT NULL DEFAULT false,
  currently_due text[] NOT NULL DEFAULT '{}',
  -- The company has cut the connection, here or at the provider's.
  disconnected_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, provider)
);
COMMENT ON TABLE payment_accounts IS 'owner: billing';
SELECT enable_tenant_rls('payment_accounts', 'SELECT, INSERT, UPDATE', 'SELECT');

-- Links on which an invoice is paid. Only the hash of a token is kept.
CREATE TABLE pay_links (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  token_hash bytea NOT NULL,
  -- The one that other pages lead to: its address is derived from its id, so that they need not make another.
  standing boolean NOT NULL DEFAULT false,
  -- A part of the invoice; null is what is left of it.
  amount_minor bigint CHECK (amount_minor > 0),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  opened_at timestamptz,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE pay_links IS 'owner: billing';
CREATE UNIQUE INDEX pay_links_token_key ON pay_links (tenant_id, token_hash);
CREATE INDEX pay_links_invoice_idx ON pay_links (tenant_id, invoice_id, id DESC);
SELECT enable_tenant_rls('pay_links', 'SELECT, INSERT, UPDATE');

-- What was tried: one page of the provider's each. At most one is open for an invoice: two tabs pay once.
CREATE TABLE payment_checkouts (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  link_id uuid NOT NULL,
  provider text NOT NULL,
  account_id text NOT NULL,
  -- The provider's id of the page, of the money, and where the page is.
  provider_id text,
  provider_payment text,
  url text,
  state text NOT NULL CHECK (state IN ('creating', 'open', 'processing', 'paid', 'failed', 'expired')),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  -- What came in, in the provider's words: the entry is of this sum, whatever was asked for.
  received_minor bigint,
  -- The entry of the till.
  payment_id uuid,
  receipt_mailed_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 'paid') = (payment_id IS NOT NULL)),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, link_id) REFERENCES pay_links (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, payment_id) REFERENCES payment_transactions (tenant_id, id)
);
COMMENT ON TABLE payment_checkouts IS 'owner: billing';
CREATE UNIQUE INDEX payment_checkouts_open_key ON payment_checkouts (tenant_id, invoice_id) WHERE state IN ('creating', 'open');
CREATE UNIQUE INDEX payment_checkouts_provider_key ON payment_checkouts (tenant_id, provider, provider_id) WHERE provider_id IS NOT NULL;
CREATE UNIQUE INDEX payment_checkouts_payment_key ON payment_checkouts (tenant_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX payment_checkouts_invoice_idx ON payment_checkouts (tenant_id, invoice_id, id DESC);
CREATE INDEX payment_checkouts_link_idx ON payment_checkouts (tenant_id, link_id);
CREATE INDEX payment_checkouts_money_idx ON payment_checkouts (tenant_id, provider_payment) WHERE provider_payment IS NOT NULL;
CREATE INDEX payment_checkouts_silent_idx ON payment_checkouts (tenant_id, updated_at) WHERE state IN ('creating', 'open', 'processing');
SELECT enable_tenant_rls('payment_checkouts', 'SELECT, INSERT, UPDATE', 'SELECT');

-- Money on its way back. Reserved when it is asked for, entered in the till when it went.
CREATE TABLE payment_refunds (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  payment_id uuid NOT NULL,
  -- The credit note that it pays out; null for a credit, and for what was refunded at the provider's (BA-09).
  credit_note_id uuid,
  invoice_id uuid,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
  origin text NOT NULL CHECK (origin IN ('staff', 'provider')),
  reason text NOT NULL,
  failure text,
  provider_id text,
  entry_id uuid,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, payment_id) REFERENCES payment_transactions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, entry_id) REFERENCES payment_transactions (tenant_id, id),
  FOREIGN KEY (tenant_id, credit_note_id) REFERENCES invoices (tenant_id, id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE payment_refunds IS 'owner: billing';
CREATE INDEX payment_refunds_payment_idx ON payment_refunds (tenant_id, payment_id);
CREATE INDEX payment_refunds_invoice_idx ON payment_refunds (tenant_id, invoice_id) WHERE invoice_id IS NOT NULL;
CREATE UNIQUE INDEX payment_refunds_provider_key ON payment_refunds (tenant_id, provider_id) WHERE provider_id IS NOT NULL;
SELECT enable_tenant_rls('payment_refunds', 'SELECT, INSERT, UPDATE');

-- Payers who ask their bank for the money back.
CREATE TABLE payment_disputes (
  tenant_id uuid NOT NULL,
  provider text NOT NULL,
  provider_id text NOT NULL,
  payment_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  amount_minor bigint NOT NULL,
  reason text NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'won', 'lost')),
  due_by timestamptz,
  entry_id uuid,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, provider, provider_id),
  FOREIGN KEY (tenant_id, payment_id) REFERENCES payment_transactions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, entry_id) REFERENCES payment_transactions (tenant_id, id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE payment_disputes IS 'owner: billing';
CREATE INDEX payment_disputes_invoice_idx ON payment_disputes (tenant_id, invoice_id);
CREATE INDEX payment_disputes_payment_idx ON payment_disputes (tenant_id, payment_id);
SELECT enable_tenant_rls('payment_disputes', 'SELECT, INSERT, UPDATE');

-- What the provider said, to the byte, once each. Kept for ninety days.
CREATE TABLE payment_events (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  provider text NOT NULL,
  event_id text NOT NULL,
  name text NOT NULL,
  signature text NOT NULL,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL,
  handled_at timestamptz,
  outcome text,
  PRIMARY KEY (tenant_id, provider, event_id)
);
COMMENT ON TABLE payment_events IS 'owner: billing';
CREATE INDEX payment_events_received_idx ON payment_events (tenant_id, received_at);
SELECT enable_tenant_rls('payment_events', 'SELECT, INSERT, UPDATE', 'SELECT, DELETE');

-- Invoices that were sent by mail.
CREATE TABLE invoice_sendings (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  link_id uuid,
  recipient text NOT NULL,
  subject text NOT NULL,
  message text NOT NULL,
  state text NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
  failure text,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, link_id) REFERENCES pay_links (tenant_id, id) ON DELETE SET NULL (link_id)
);
COMMENT ON TABLE invoice_sendings IS 'owner: billing';
CREATE INDEX invoice_sendings_invoice_idx ON invoice_sendings (tenant_id, invoice_id, id DESC);
SELECT enable_tenant_rls('invoice_sendings', 'SELECT, INSERT, UPDATE');

-- The provider that is used while there is none keeps its own books, as a real one does: of the instance, not of a company.
CREATE TABLE local_payments (
  id text PRIMARY KEY,
  body jsonb NOT NULL,
  created_at timestamptz NOT NULL
);
COMMENT ON TABLE local_payments IS 'owner: platform';
GRANT SELECT, INSERT, UPDATE ON local_payments TO vision_system;

-- Files that came with a message of the test mailbox.
CREATE TABLE test_mailbox_files (
  message_id uuid NOT NULL REFERENCES test_mailbox_messages (id) ON DELETE CASCADE,
  position integer NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (message_id, position)
);
COMMENT ON TABLE test_mailbox_files IS 'owner: platform';
GRANT SELECT, INSERT, DELETE ON test_mailbox_files TO vision_system;
