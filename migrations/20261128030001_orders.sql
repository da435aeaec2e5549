-- owner: billing. Quotes (orders): what is offered, the versions that were sent, who opened and who answered them, and the proof of it
-- (QI-04…QI-12).

-- How a company makes quotes, and the general terms that they are accepted under: each wording has a version (QI-07).
CREATE TABLE order_settings (
  tenant_id uuid NOT NULL PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  validity_days integer NOT NULL DEFAULT 30 CHECK (validity_days BETWEEN 1 AND 365),
  deposit_percent numeric(5, 2) DEFAULT 30 CHECK (deposit_percent > 0 AND deposit_percent <= 100),
  deposit_kind text NOT NULL DEFAULT 'acompte' CHECK (deposit_kind IN ('acompte', 'arrhes')),
  verification text NOT NULL DEFAULT 'email' CHECK (verification IN ('none', 'email')),
  line_by_line boolean NOT NULL DEFAULT true,
  reminders boolean NOT NULL DEFAULT true,
  -- Quotes are numbered when they are first sent: D2026-000123. The law asks no unbroken series of them.
  series_year integer NOT NULL DEFAULT 0,
  last_number bigint NOT NULL DEFAULT 0,
  version integer NOT NULL DEFAULT 1
);
COMMENT ON TABLE order_settings IS 'owner: billing';
SELECT enable_tenant_rls('order_settings', 'SELECT, INSERT, UPDATE');

CREATE TABLE sales_terms (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  version integer NOT NULL CHECK (version > 0),
  body text NOT NULL,
  created_at timestamptz NOT NULL,
  created_by_name text NOT NULL,
  PRIMARY KEY (tenant_id, version)
);
COMMENT ON TABLE sales_terms IS 'owner: billing';
SELECT enable_tenant_rls('sales_terms', 'SELECT, INSERT');

CREATE TABLE orders (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  state text NOT NULL DEFAULT 'draft'
    CHECK (state IN ('draft', 'sent', 'viewed', 'accepted', 'partially_accepted', 'refused', 'cancelled', 'withdrawn')),
  -- The version that is being written, or the last that was sent (QI-06).
  revision integer NOT NULL DEFAULT 1,
  -- Taken when it is first sent; kept by all its versions.
  number text,
  -- A model for other quotes; it is never sent.
  template_name text,
  contact_id uuid,
  entity_id uuid,
  title text,
  intro text,
  outro text,
  order_reference text,
  prices_include_vat boolean NOT NULL DEFAULT false,
  discount jsonb NOT NULL DEFAULT '{"kind": "none"}',
  valid_until date,
  -- When or how fast it will be done, in words (QI-04).
  execution text,
  deposit jsonb NOT NULL DEFAULT '{"kind": "none"}',
  deposit_kind text NOT NULL DEFAULT 'acompte' CHECK (deposit_kind IN ('acompte', 'arrhes')),
  line_by_line boolean NOT NULL DEFAULT true,
  verification text NOT NULL DEFAULT 'email' CHECK (verification IN ('none', 'email')),
  -- Why a consumer has no right of withdrawal; null: they have it (QI-09, BP-05).
  withdrawal_exception text,
  net_minor bigint NOT NULL DEFAULT 0,
  vat_minor bigint NOT NULL DEFAULT 0,
  gross_minor bigint NOT NULL DEFAULT 0,
  -- What was accepted comes to; null until then.
  accepted_minor bigint,
  sent_at timestamptz,
  viewed_at timestamptz,
  answered_at timestamptz,
  -- When a customer who has not answered is written to again.
  remind_at timestamptz,
  reason text,
  search text NOT NULL DEFAULT '',
  created_by uuid NOT NULL,
  created_by_name text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CHECK (template_name IS NULL OR state = 'draft'),
  CHECK (state = 'draft' OR number IS NOT NULL),
  FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE SET NULL (contact_id),
  FOREIGN KEY (tenant_id, entity_id) REFERENCES entities (tenant_id, id) ON DELETE SET NULL (entity_id)
);
COMMENT ON TABLE orders IS 'owner: billing';
CREATE UNIQUE INDEX orders_number_key ON orders (tenant_id, number) WHERE number IS NOT NULL;
CREATE INDEX orders_recent_idx ON orders (tenant_id, id DESC) WHERE template_name IS NULL;
CREATE INDEX orders_templates_idx ON orders (tenant_id, template_name) WHERE template_name IS NOT NULL;
CREATE INDEX orders_contact_idx ON orders (tenant_id, contact_id, id DESC);
CREATE INDEX orders_entity_idx ON orders (tenant_id, entity_id) WHERE entity_id IS NOT NULL;
CREATE INDEX orders_open_idx ON orders (tenant_id, valid_until, id) WHERE state IN ('sent', 'viewed');
CREATE INDEX orders_state_idx ON orders (tenant_id, state, id DESC) WHERE template_name IS NULL;
CREATE INDEX orders_remind_idx ON orders (tenant_id, remind_at) WHERE remind_at IS NOT NULL;
-- The clock looks for reminders across companies.
SELECT enable_tenant_rls('orders', 'SELECT, INSERT, UPDATE, DELETE', 'SELECT');

CREATE TABLE order_lines (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
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
  nature text NOT NULL DEFAULT 'service' CHECK (nature IN ('goods', 'service')),
  -- Offered beside the rest: in no total until it is chosen.
  optional boolean NOT NULL DEFAULT false,
  net_minor bigint NOT NULL,
  gross_minor bigint NOT NULL,
  PRIMARY KEY (tenant_id, order_id, position),
  FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, item_id) REFERENCES catalog_items (tenant_id, id) ON DELETE SET NULL (item_id)
);
COMMENT ON TABLE order_lines IS 'owner: billing';
CREATE INDEX order_lines_item_idx ON order_lines (tenant_id, item_id) WHERE item_id IS NOT NULL;
SELECT enable_tenant_rls('order_lines');

-- What was sent: frozen with the very bytes of its PDF (QI-06). A later version replaces it; nothing else of it ever changes.
CREATE TABLE order_versions (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  content jsonb NOT NULL,
  document jsonb NOT NULL,
  pdf bytea NOT NULL,
  pdf_sha256 bytea NOT NULL,
  valid_until date NOT NULL,
  gross_minor bigint NOT NULL,
  customer_kind text NOT NULL,
  buyer_name text NOT NULL,
  terms_version integer,
  sent_at timestamptz NOT NULL,
  sent_by_name text NOT NULL,
  replaced_at timestamptz,
  PRIMARY KEY (tenant_id, order_id, revision),
  FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE order_versions ALTER COLUMN pdf SET STORAGE EXTERNAL;
COMMENT ON TABLE order_versions IS 'owner: billing';
SELECT enable_tenant_rls('order_versions', 'SELECT, INSERT');
GRANT UPDATE (replaced_at) ON order_versions TO vision_app;

-- Who may open a version, and how: by a link that was sent, or on the company's own device.
CREATE TABLE order_links (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  token_hash bytea NOT NULL,
  mode text NOT NULL CHECK (mode IN ('remote', 'in_person')),
  sent_to text,
  created_at timestamptz NOT NULL,
  created_by_name text NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id, revision) REFERENCES order_versions (tenant_id, order_id, revision) ON DELETE CASCADE
);
COMMENT ON TABLE order_links IS 'owner: billing';
CREATE UNIQUE INDEX order_links_token_key ON order_links (tenant_id, token_hash);
CREATE INDEX order_links_order_idx ON order_links (tenant_id, order_id, revision);
SELECT enable_tenant_rls('order_links');

-- A code that proves who answers; bound to what they are about to confirm.
CREATE TABLE order_codes (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  link_id uuid NOT NULL,
  sent_to text NOT NULL,
  code_hash bytea NOT NULL,
  bound_to bytea NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, link_id) REFERENCES order_links (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE order_codes IS 'owner: billing';
CREATE INDEX order_codes_link_idx ON order_codes (tenant_id, link_id, created_at DESC);
SELECT enable_tenant_rls('order_codes');

-- L7: the legal evidence of a quote, append-only, kept as long as its papers.
CREATE TABLE order_evidence (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('sent', 'reminded', 'viewed', 'code_sent', 'code_failed', 'code_verified', 'accepted', 'refused',
    'withdrawn', 'replaced', 'restored', 'cancelled')),
  at timestamptz NOT NULL,
  actor_name text NOT NULL,
  ip text,
  user_agent text,
  data jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE order_evidence IS 'owner: billing';
CREATE INDEX order_evidence_order_idx ON order_evidence (tenant_id, order_id, id);
SELECT enable_tenant_rls('order_evidence', 'SELECT, INSERT');

-- QI-07: the answer to a version, once, with its proof.
CREATE TABLE order_answers (
  tenant_id uuid NOT NULL,
  order_id uuid NOT NULL,
  revision integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('accepted', 'partially_accepted', 'refused')),
  at timestamptz NOT NULL,
  -- remote_code, remote_link, in_person, staff
  method text NOT NULL CHECK (method IN ('remote_code', 'remote_link', 'in_person', 'staff')),
  signer_name text NOT NULL,
  signer_email text,
  mention text,
  reason text,
  -- Places of the lines that were accepted, from one.
  lines integer[] NOT NULL,
  totals jsonb NOT NULL,
  gross_minor bigint NOT NULL,
  terms_version integer,
  early_start boolean NOT NULL DEFAULT false,
  ip text,
  user_agent text,
  signature_image bytea,
  -- QI-10: the last day on which a consumer may go back on it; null where they may not.
  withdrawable_until date,
  withdrawn_at timestamptz,
  withdrawal jsonb,
  evidence jsonb,
  evidence_sha256 bytea,
  evidence_signature bytea,
  timestamp_token bytea,
  timestamp_authority text,
  sealed_pdf bytea,
  sealed_sha256 bytea,
  PRIMARY KEY (tenant_id, order_id, revision),
  FOREIGN KEY (tenant_id, order_id, revision) REFERENCES order_versions (tenant_id, order_id, revision) ON DELETE CASCADE
);
ALTER TABLE order_answers ALTER COLUMN sealed_pdf SET STORAGE EXTERNAL;
COMMENT ON TABLE order_answers IS 'owner: billing';
SELECT enable_tenant_rls('order_answers', 'SELECT, INSERT');
GRANT UPDATE (withdrawn_at, withdrawal, timestamp_token, timestamp_authority) ON order_answers TO vision_app;

-- A time stamp and a withdrawal come later, each once.
CREATE FUNCTION keep_answers() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF (OLD.timestamp_token IS NOT NULL AND (NEW.timestamp_token, NEW.timestamp_authority) IS DISTINCT FROM (OLD.timestamp_token, OLD.timestamp_authority))
     OR (OLD.withdrawn_at IS NOT NULL AND (NEW.withdrawn_at, NEW.withdrawal) IS DISTINCT FROM (OLD.withdrawn_at, OLD.withdrawal)) THEN
    RAISE EXCEPTION 'answers are not changed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_answers BEFORE UPDATE ON order_answers FOR EACH ROW EXECUTE FUNCTION keep_answers();

-- Which documents are whose, by their hash: whoever holds a document may ask whether it is the one that was sent or signed. It belongs to
-- no company, and is closed but to the two functions below.
CREATE TABLE document_proofs (
  sha256 bytea NOT NULL PRIMARY KEY,
  company uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('quote_sent', 'quote_sealed')),
  number text NOT NULL,
  at timestamptz NOT NULL
);
COMMENT ON TABLE document_proofs IS 'owner: billing';
CREATE INDEX document_proofs_company_idx ON document_proofs (company);

CREATE FUNCTION remember_document(hash bytea, what text, its_number text, since timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  INSERT INTO public.document_proofs (sha256, company, kind, number, at)
  VALUES (hash, current_setting('app.tenant_id')::uuid, what, its_number, since) ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION document_of(hash bytea) RETURNS TABLE (company text, kind text, number text, at timestamptz, time_zone text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT t.name, p.kind, p.number, p.at, t.time_zone FROM public.document_proofs p JOIN public.tenants t ON t.id = p.company WHERE p.sha256 = hash
$$;
REVOKE ALL ON FUNCTION remember_document, document_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remember_document TO vision_app;
GRANT EXECUTE ON FUNCTION document_of TO vision_app, vision_system;

-- An invoice may come from a quote (QI-14), and a balance deducts the deposits that were invoiced (QI-32).
ALTER TABLE invoices ADD COLUMN order_id uuid, ADD COLUMN deducted_minor bigint NOT NULL DEFAULT 0, ADD COLUMN progress numeric(5, 2);
ALTER TABLE invoices ADD CONSTRAINT invoices_order_fk FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id) ON DELETE SET NULL (order_id);
CREATE INDEX invoices_order_idx ON invoices (tenant_id, order_id) WHERE order_id IS NOT NULL;

CREATE TABLE invoice_deductions (
  tenant_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  deposit_id uuid NOT NULL,
  category text NOT NULL,
  rate numeric(5, 2) NOT NULL,
  base_minor bigint NOT NULL,
  vat_minor bigint NOT NULL,
  PRIMARY KEY (tenant_id, invoice_id, deposit_id, category, rate),
  FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, deposit_id) REFERENCES invoices (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE invoice_deductions IS 'owner: billing';
CREATE INDEX invoice_deductions_deposit_idx ON invoice_deductions (tenant_id, deposit_id);
SELECT enable_tenant_rls('invoice_deductions', 'SELECT, INSERT');
CREATE TRIGGER keep_sealed BEFORE INSERT ON invoice_deductions FOR EACH ROW EXECUTE FUNCTION keep_sealed();

-- What is owed leaves out what deposits have asked for already.
DROP INDEX invoices_due_idx;
CREATE INDEX invoices_due_idx ON invoices (tenant_id, due_date, id)
  WHERE state = 'issued' AND kind <> 'credit_note' AND gross_minor > deducted_minor + paid_minor + credited_minor;

-- The quote that an invoice came from may go; the rest of an issued invoice does not change (QI-28).
CREATE OR REPLACE FUNCTION keep_issued_invoices() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
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
  IF to_jsonb(NEW) - '{contact_id,entity_id,order_id,paid_minor,credited_minor,lifecycle,prints,updated_at,version,search}'::text[]
     IS DISTINCT FROM to_jsonb(OLD) - '{contact_id,entity_id,order_id,paid_minor,credited_minor,lifecycle,prints,updated_at,version,search}'::text[] THEN
    RAISE EXCEPTION 'issued invoices are not changed' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

SET LOCAL lock_timeout = '5s';
UPDATE roles SET permissions = permissions || '{orders.read}'::text[]
  WHERE builtin AND key <> 'technician' AND NOT 'orders.read' = ANY (permissions);
UPDATE roles SET permissions = permissions || '{orders.write,orders.send}'::text[]
  WHERE builtin AND key IN ('owner', 'admin', 'manager', 'member') AND NOT 'orders.write' = ANY (permissions);
