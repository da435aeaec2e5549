-- owner: billing. Invoices and credit notes: drafts without a number; issued ones that nobody changes (QI-24, QI-28); the chain that
-- proves it (IS-05, IS-06); what was paid.

-- The wording of the law, by the days on which it holds (X-01, X-02). Read through legal_mentions_on: it belongs to no company.
CREATE TABLE legal_mentions (
  code text NOT NULL,
  variant text NOT NULL DEFAULT '',
  body text NOT NULL,
  valid_from date NOT NULL,
  valid_to date,
  PRIMARY KEY (code, variant, valid_from)
);
COMMENT ON TABLE legal_mentions IS 'owner: billing';
INSERT INTO legal_mentions (code, variant, body, valid_from, valid_to) VALUES
  ('franchise', 'cgi', 'TVA non applicable, art. 293 B du CGI', '1979-01-01', '2027-12-31'),
  ('franchise', 'cibs', 'TVA non applicable, art. L. 223-1 et suivants du CIBS', '2026-09-01', NULL),
  ('reverse_charge', '', 'Autoliquidation', '2014-01-01', NULL),
  ('intra_eu', 'cgi', 'Exonération de TVA, art. 262 ter, I du CGI', '1993-01-01', '2027-12-31'),
  ('intra_eu', 'cibs', 'Exonération de TVA, livraison intracommunautaire (CIBS, livre II)', '2026-09-01', NULL),
  ('export', 'cgi', 'Exonération de TVA, art. 262, I du CGI', '1993-01-01', '2027-12-31'),
  ('export', 'cibs', 'Exonération de TVA, exportation (CIBS, livre II)', '2026-09-01', NULL),
  ('out_of_scope', '', 'Hors du champ d’application de la TVA', '1979-01-01', NULL),
  ('exempt', 'cgi', 'Exonération de TVA, art. 261 du CGI', '1979-01-01', '2027-12-31'),
  ('exempt', 'cibs', 'Exonération de TVA (CIBS, livre II)', '2026-09-01', NULL),
  ('margin', '', 'Régime particulier – Biens d’occasion', '2004-01-01', NULL),
  ('vat_on_debits', '', 'Option pour le paiement de la taxe d’après les débits', '1979-01-01', NULL),
  ('indemnity', '', 'Indemnité forfaitaire pour frais de recouvrement en cas de retard de paiement : 40 €', '2013-01-01', NULL),
  ('late_penalty', '', 'Pénalités de retard : taux annuel de {rate} %, exigibles dès le lendemain de l’échéance, sans rappel', '2009-01-01', NULL),
  ('late_penalty_default', '', 'Pénalités de retard : taux de refinancement de la BCE majoré de 10 points, exigibles dès le lendemain de l’échéance, sans rappel', '2009-01-01', NULL),
  ('no_discount', '', 'Pas d’escompte pour paiement anticipé', '2009-01-01', NULL);

CREATE FUNCTION legal_mentions_on(on_day date) RETURNS TABLE (code text, variant text, body text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT m.code, m.variant, m.body FROM public.legal_mentions m WHERE m.valid_from <= on_day AND (m.valid_to IS NULL OR m.valid_to >= on_day)
$$;
REVOKE ALL ON FUNCTION legal_mentions_on FROM PUBLIC;
GRANT EXECUTE ON FUNCTION legal_mentions_on TO vision_app;

-- What a seller must say of itself beyond the company's profile (QI-03), and its habits.
CREATE TABLE billing_profiles (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  vat_regime text NOT NULL DEFAULT 'normal' CHECK (vat_regime IN ('normal', 'franchise')),
  territory text NOT NULL DEFAULT 'mainland' CHECK (territory IN ('mainland', 'corsica', 'antilles_reunion', 'untaxed')),
  -- QI-45
  vat_on_debits boolean NOT NULL DEFAULT false,
  share_capital text,
  rcs_city text,
  iban text,
  bic text,
  -- QI-36: at most 60.
  payment_days integer NOT NULL DEFAULT 30 CHECK (payment_days BETWEEN 0 AND 60),
  -- Per cent a year; null is the rate of the ECB plus ten points (QI-37).
  late_rate numeric(5, 2) CHECK (late_rate >= 0),
  discount_terms text,
  -- X-02
  mention_set text NOT NULL DEFAULT 'cgi' CHECK (mention_set IN ('cgi', 'cibs')),
  prices_include_vat boolean NOT NULL DEFAULT false,
  footer text,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE billing_profiles IS 'owner: billing';
SELECT enable_tenant_rls('billing_profiles', 'SELECT, INSERT, UPDATE');

-- One row a series; locking it is what makes numbers follow each other without a gap (QI-24).
CREATE TABLE invoice_series (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  code text NOT NULL,
  -- `{YYYY}` and zeros in braces: F{YYYY}-{000001} (QI-27)
  template text NOT NULL,
  -- QI-26: why there is another series.
  reason text NOT NULL,
  year integer NOT NULL,
  last_number bigint NOT NULL DEFAULT 0,
  last_issue_date date,
  PRIMARY KEY (tenant_id, code)
);
COMMENT ON TABLE invoice_series IS 'owner: billing';
SELECT enable_tenant_rls('invoice_series', 'SELECT, INSERT, UPDATE');

CREATE TABLE invoices (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'issued')),
  kind text NOT NULL CHECK (kind IN ('invoice', 'deposit', 'situation', 'balance', 'credit_note', 'corrective')),
  contact_id uuid,
  entity_id uuid,
  -- The invoice that a credit note or a correction is about.
  corrects_id uuid,
  title text,
  intro text,
  outro text,
  order_reference text,
  prices_include_vat boolean NOT NULL DEFAULT false,
  discount jsonb NOT NULL DEFAULT '{"kind": "none"}',
  currency text NOT NULL DEFAULT 'EUR',
  supply_date date,
  -- Null while a draft: follows from the terms on the day of issue.
  due_date date,
  net_minor bigint NOT NULL DEFAULT 0,
  vat_minor bigint NOT NULL DEFAULT 0,
  gross_minor bigint NOT NULL DEFAULT 0,
  -- From here on: written once, at issue.
  series text,
  number text,
  chain_seq bigint,
  issue_date date,
  issued_at timestamptz,
  issued_by uuid,
  issued_by_name text,
  type_code text,
  process text,
  customer_kind text,
  buyer_name text,
  document jsonb,
  -- What has come in and what was credited since; the rest is due.
  paid_minor bigint NOT NULL DEFAULT 0,
  credited_minor bigint NOT NULL DEFAULT 0,
  -- Where it stands with the platform that carries it (EI-14).
  lifecycle smallint,
  prints integer NOT NULL DEFAULT 0,
  search text NOT NULL DEFAULT '',
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 'issued') = (number IS NOT NULL)),
  CHECK (state = 'draft' OR (series IS NOT NULL AND chain_seq IS NOT NULL AND issue_date IS NOT NULL)),
  CHECK ((state = 'issued') = (document IS NOT NULL)),
  CHECK (number IS NULL OR number ~ '^[A-Za-z0-9+_/-]{1,35}$'),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE SET NULL (entity_id),
  FOREIGN KEY (tenant_id, corrects_id) REFERENCES invoices (tenant_id, id)
);
COMMENT ON TABLE invoices IS 'owner: billing';
CREATE UNIQUE INDEX invoices_number_key ON invoices (tenant_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX invoices_chain_key ON invoices (tenant_id, series, chain_seq) WHERE chain_seq IS NOT NULL;
CREATE INDEX invoices_recent_idx ON invoices (tenant_id, id DESC);
CREATE INDEX invoices_contact_idx ON invoices (tenant_id, contact_id, id DESC);
CREATE INDEX invoices_entity_idx ON invoices (tenant_id, entity_id) WHERE entity_id IS NOT NULL;
CREATE INDEX invoices_due_idx ON invoices (tenant_id, due_date, id) WHERE state = 'issued' AND kind <> 'credit_note' AND gross_minor > paid_minor + credited_minor;
CREATE INDEX invoices_issued_idx ON invoices (tenant_id, issue_date DESC, id DESC) WHERE state = 'issued';
CREATE INDEX invoices_corrects_idx ON invoices (tenant_id, corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX invoices_drafts_idx ON invoices (tenant_id, id DESC) WHERE state = 'draft';
SELECT enable_tenant_rls('invoices');

CREATE TABLE invoice_items (
  tenant_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  position integer NOT NULL,
  section text,
  item_id uuid,
  label text NOT NULL,
  description text,
  reference text,
  quantity numeric(14, 4) NOT NULL,
  unit text NOT NULL,
  unit_price numeric(18, 6) NOT NULL CHECK (unit_price >= 0),
  discount jsonb NOT NULL DEFAULT '{"kind": "none"}',
  vat_category text NOT NULL CHECK (vat_category IN ('S', 'Z', 'E', 'AE', 'K', 'G', 'O')),
  vat_rate numeric(5, 2) NOT NULL,
  -- Goods or work: decides when VAT falls due, and what kind of operation the invoice is (QI-16).
  nature text NOT NULL DEFAULT 'service' CHECK (nature IN ('goods', 'service')),
  net_minor bigint NOT NULL,
  gross_minor bigint NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id, position),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, item_id) REFERENCES catalog_items (tenant_id, id) ON DELETE SET NULL (item_id)
);
COMMENT ON TABLE invoice_items IS 'owner: billing';
CREATE INDEX invoice_items_item_idx ON invoice_items (tenant_id, item_id) WHERE item_id IS NOT NULL;
SELECT enable_tenant_rls('invoice_items');

-- VAT by rate of an issued invoice: what payments are split by (EI-16).
CREATE TABLE invoice_vat (
  tenant_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  category text NOT NULL,
  rate numeric(5, 2) NOT NULL,
  base_minor bigint NOT NULL,
  vat_minor bigint NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id, category, rate),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE invoice_vat IS 'owner: billing';
SELECT enable_tenant_rls('invoice_vat', 'SELECT, INSERT');

-- (Rows below an invoice go with it only when a whole company goes: an issued invoice alone is not deleted.)
-- The very bytes that were issued: in the database, so that number, seal and document are one transaction and one backup.
CREATE TABLE invoice_files (
  tenant_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  pdf bytea NOT NULL,
  xml bytea NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE invoice_files ALTER COLUMN pdf SET STORAGE EXTERNAL;
COMMENT ON TABLE invoice_files IS 'owner: billing';
SELECT enable_tenant_rls('invoice_files', 'SELECT, INSERT');

-- IS-06: one chain a series and till. hash = SHA-256(previous hash ‖ body); the signature's key is the instance's.
CREATE TABLE sealed_records (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  chain text NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),
  kind text NOT NULL CHECK (kind IN ('invoice', 'payment', 'closing')),
  record_id uuid NOT NULL,
  sealed_at timestamptz NOT NULL,
  body text NOT NULL,
  previous bytea NOT NULL,
  hash bytea NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (tenant_id, chain, seq)
);
COMMENT ON TABLE sealed_records IS 'owner: billing';
SELECT enable_tenant_rls('sealed_records', 'SELECT, INSERT');

-- The last link of each chain: records cut off the end are missed.
CREATE TABLE seal_heads (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  chain text NOT NULL,
  seq bigint NOT NULL,
  hash bytea NOT NULL,
  PRIMARY KEY (tenant_id, chain)
);
COMMENT ON TABLE seal_heads IS 'owner: billing';
SELECT enable_tenant_rls('seal_heads', 'SELECT, INSERT, UPDATE');

-- Money that came in or went back. Never changed: a mistake is reversed by an entry that names it (IS-05).
CREATE TABLE payment_transactions (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  method text NOT NULL CHECK (method IN ('cash', 'cheque', 'card', 'transfer', 'direct_debit', 'online')),
  -- Negative: paid back, or the reversal of another entry.
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
  currency text NOT NULL DEFAULT 'EUR',
  -- The day of value, which may lie back; the day of the till is the one on which it was entered.
  received_on date NOT NULL,
  entered_on date NOT NULL,
  till text NOT NULL,
  contact_id uuid,
  reference text,
  note text,
  reverses_id uuid,
  chain_seq bigint NOT NULL,
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id),
  FOREIGN KEY (tenant_id, reverses_id) REFERENCES payment_transactions (tenant_id, id)
);
COMMENT ON TABLE payment_transactions IS 'owner: billing';
CREATE UNIQUE INDEX payment_transactions_chain_key ON payment_transactions (tenant_id, till, chain_seq);
CREATE UNIQUE INDEX payment_transactions_reverses_key ON payment_transactions (tenant_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX payment_transactions_day_idx ON payment_transactions (tenant_id, till, entered_on);
CREATE INDEX payment_transactions_contact_idx ON payment_transactions (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
SELECT enable_tenant_rls('payment_transactions', 'SELECT, INSERT');
GRANT UPDATE (contact_id) ON payment_transactions TO vision_app;

-- What of a payment went to which invoice, by rate (EI-16): Σ = what was allocated.
CREATE TABLE payment_allocations (
  tenant_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  category text NOT NULL,
  rate numeric(5, 2) NOT NULL,
  amount_minor bigint NOT NULL,
  PRIMARY KEY (tenant_id, payment_id, invoice_id, category, rate),
  FOREIGN KEY (tenant_id, payment_id) REFERENCES payment_transactions (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE payment_allocations IS 'owner: billing';
CREATE INDEX payment_allocations_invoice_idx ON payment_allocations (tenant_id, invoice_id);
SELECT enable_tenant_rls('payment_allocations', 'SELECT, INSERT');

-- IS-07: closed days, months and years of a till. A closed day takes no entry; the perpetual total never falls back to zero.
CREATE TABLE closings (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  till text NOT NULL,
  period text NOT NULL CHECK (period IN ('day', 'month', 'year')),
  starts_on date NOT NULL,
  ends_on date NOT NULL,
  entries bigint NOT NULL,
  total_minor bigint NOT NULL,
  cumulative_minor bigint NOT NULL,
  -- Sum of the absolute values of everything ever entered: grows with each entry.
  perpetual_minor bigint NOT NULL,
  by_method jsonb NOT NULL,
  by_rate jsonb NOT NULL,
  chain_seq bigint NOT NULL,
  closed_at timestamptz NOT NULL,
  closed_by_name text NOT NULL,
  PRIMARY KEY (tenant_id, till, period, starts_on)
);
COMMENT ON TABLE closings IS 'owner: billing';
SELECT enable_tenant_rls('closings', 'SELECT, INSERT');

-- QI-28: what was issued is not changed by anybody who serves, and not deleted; neither are its lines and its VAT.
CREATE FUNCTION keep_issued_invoices() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Only a company that comes back brings invoices that are issued already.
    IF NEW.state = 'issued' AND current_setting('app.restoring', true) IS DISTINCT FROM 'on' THEN
      RAISE EXCEPTION 'invoices begin as drafts' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF OLD.state <> 'issued' THEN
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
  END IF;
  -- A whole company that leaves takes its rows along: only the owner of the schema does that.
  IF TG_OP = 'DELETE' THEN
    IF pg_trigger_depth() > 1 THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'issued invoices are not deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  IF to_jsonb(NEW) - '{contact_id,entity_id,paid_minor,credited_minor,lifecycle,prints,updated_at,version,search}'::text[]
     IS DISTINCT FROM to_jsonb(OLD) - '{contact_id,entity_id,paid_minor,credited_minor,lifecycle,prints,updated_at,version,search}'::text[] THEN
    RAISE EXCEPTION 'issued invoices are not changed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_issued BEFORE INSERT OR UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION keep_issued_invoices();

-- True while nothing may be added to an invoice: it is issued, and it is not just being brought back.
CREATE FUNCTION invoice_is_kept(tenant uuid, invoice uuid) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT EXISTS (SELECT FROM public.invoices i WHERE i.tenant_id = tenant AND i.id = invoice AND i.state = 'issued')
     AND (current_setting('app.restoring', true) IS DISTINCT FROM 'on'
       OR EXISTS (SELECT FROM public.sealed_records s WHERE s.tenant_id = tenant AND s.kind = 'invoice' AND s.record_id = invoice))
$$;
CREATE INDEX sealed_records_record_idx ON sealed_records (tenant_id, record_id);

CREATE FUNCTION keep_issued_items() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  -- The catalogue may lose the item that a line came from.
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'item_id' = to_jsonb(OLD) - 'item_id' THEN
    RETURN NEW;
  END IF;
  IF (TG_OP <> 'INSERT' AND public.invoice_is_kept(OLD.tenant_id, OLD.invoice_id))
     OR (TG_OP <> 'DELETE' AND public.invoice_is_kept(NEW.tenant_id, NEW.invoice_id)) THEN
    RAISE EXCEPTION 'lines of issued invoices are not changed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_issued BEFORE INSERT OR UPDATE OR DELETE ON invoice_items FOR EACH ROW EXECUTE FUNCTION keep_issued_items();

-- VAT and files are written by the issue itself, before its seal, and by nobody afterwards.
CREATE FUNCTION keep_sealed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM public.sealed_records s WHERE s.tenant_id = NEW.tenant_id AND s.kind = 'invoice' AND s.record_id = NEW.invoice_id) THEN
    RAISE EXCEPTION 'sealed invoices are not added to' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_sealed BEFORE INSERT ON invoice_vat FOR EACH ROW EXECUTE FUNCTION keep_sealed();

SET LOCAL lock_timeout = '5s';
UPDATE roles SET permissions = permissions || '{invoices.read}'::text[]
  WHERE builtin AND key <> 'technician' AND NOT 'invoices.read' = ANY (permissions);
UPDATE roles SET permissions = permissions || '{invoices.write,invoices.issue,payments.write}'::text[]
  WHERE builtin AND key IN ('owner', 'admin', 'manager', 'member') AND NOT 'invoices.write' = ANY (permissions);
UPDATE roles SET permissions = permissions || '{billing.manage}'::text[]
  WHERE builtin AND key IN ('owner', 'admin') AND NOT 'billing.manage' = ANY (permissions);
